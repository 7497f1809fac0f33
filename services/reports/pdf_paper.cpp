#include "services/reports/pdf_paper.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include <cerrno>

#include "services/reports/cell_text.h"

namespace tenure::reports {

namespace {

constexpr double a4_short = 595.276, a4_long = 841.890;
constexpr std::size_t sizes_kept = 5'000, kept_text_bytes = 96;

// In this order; for what none of them has, fontconfig finds another. The same fonts then stand for the same scripts
// wherever these are installed, whatever else is.
constexpr const char* families =
    "Noto Sans,Noto Sans Arabic,Noto Sans Hebrew,Noto Sans Devanagari,Noto Sans Thai,WenQuanYi Micro Hei";

struct Type {
  double points;
  bool bold;
  double line_spacing;
};

Type type_of(Face face) {
  switch (face) {
    case Face::cover:
      return {24, true, 1.0};
    case Face::heading:
      return {13, true, 1.0};
    case Face::chart:
      return {10.5, true, 1.0};
    case Face::organization:
      return {11, true, 1.0};
    case Face::body:
      return {9.5, false, 1.0};
    case Face::label:
      return {9, false, 1.0};
    case Face::cell:
      return {7.5, false, 0.95};
    case Face::cell_head:
      return {7.5, true, 0.95};
    case Face::small:
      return {7.5, false, 1.0};
  }
  return {9, false, 1.0};
}

void set_colour(cairo_t* cairo, Colour colour) {
  const auto part = [&](unsigned shift) { return ((colour.rgb >> shift) & 0xFF) / 255.0; };
  cairo_set_source_rgb(cairo, part(16), part(8), part(0));
}

}  // namespace

void Unref::operator()(void* object) const { g_object_unref(object); }

Colour colour_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return {0x3F6287};
    case Tone::good:
      return {0x4E7D62};
    case Tone::caution:
      return {0xB98A2F};
    case Tone::bad:
      return {0xA6473F};
    case Tone::muted:
      return {0x98A4B0};
  }
  return {0x3F6287};
}

Paper::Paper(const Document& document) : document_(document), fonts_(pango_cairo_font_map_new()), context_() {
  // One unit of a font's size is a point, and a text's shape does not depend on a screen's pixels.
  pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(fonts_.get()), 72);
  context_.reset(pango_font_map_create_context(fonts_.get()));
  pango_context_set_round_glyph_positions(context_.get(), FALSE);
  pango_context_set_base_dir(context_.get(), PANGO_DIRECTION_LTR);
  pango_context_set_language(context_.get(), pango_language_from_string("en"));
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(context_.get(), options);
  cairo_font_options_destroy(options);
}

Paper::~Paper() {
  if (cairo_) cairo_destroy(cairo_);
  if (surface_) {
    // What Cairo still has to say goes nowhere: the pass was given up.
    if (!no_) no_ = fail(FailureCode::io, "given up");
    cairo_surface_finish(surface_);
    cairo_surface_destroy(surface_);
  }
}

int Paper::take(void* paper, const unsigned char* bytes, unsigned count) {
  auto& self = *static_cast<Paper*>(paper);
  if (self.no_ || self.thrown_) return CAIRO_STATUS_WRITE_ERROR;
  try {
    self.to_->out().append(reinterpret_cast<const char*>(bytes), count);
    if (const Outcome<void> taken = self.to_->settle(); !taken) self.no_ = taken.error();
  } catch (...) {  // no exception goes through C
    self.thrown_ = std::current_exception();
  }
  return self.no_ || self.thrown_ ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

void Paper::count() { page_ = 0; }

void Paper::draw(const Sink& sink) {
  page_ = 0;
  to_.emplace(sink);
  surface_ = cairo_pdf_surface_create_for_stream(
      [](void* paper, const unsigned char* bytes, unsigned count) {
        return static_cast<cairo_status_t>(take(paper, bytes, count));
      },
      this, a4_short, a4_long);
  cairo_ = cairo_create(surface_);
  const std::string created = format_instant({document_.created.us / 1'000'000 * 1'000'000});
  const auto say = [&](cairo_pdf_metadata_t what, const std::string& text) {
    cairo_pdf_surface_set_metadata(surface_, what, text.c_str());
  };
  say(CAIRO_PDF_METADATA_TITLE, drawable_text(document_.title));
  say(CAIRO_PDF_METADATA_SUBJECT, drawable_text(document_.organization));
  say(CAIRO_PDF_METADATA_CREATOR, "Tenure");
  say(CAIRO_PDF_METADATA_CREATE_DATE, created);
  say(CAIRO_PDF_METADATA_MOD_DATE, created);
}

Outcome<void> Paper::finish() {
  if (!surface_) {
    pages_ = page_;
    return {};
  }
  cairo_show_page(cairo_);
  cairo_status_t status = cairo_status(cairo_);
  cairo_destroy(std::exchange(cairo_, nullptr));
  cairo_surface_finish(surface_);
  if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface_);
  cairo_surface_destroy(std::exchange(surface_, nullptr));
  if (thrown_) std::rethrow_exception(thrown_);
  if (no_) return *no_;
  if (status != CAIRO_STATUS_SUCCESS) {
    return fail(FailureCode::io, std::string("The report cannot be drawn as PDF: ") + cairo_status_to_string(status));
  }
  if (page_ != pages_) {
    return fail(FailureCode::io,
                "The report cannot be drawn as PDF: its rows were others when they were asked for again.");
  }
  return to_->flush();
}

double Paper::width() const { return (across_ ? a4_long : a4_short) - 2 * margin; }
double Paper::bottom() const { return (across_ ? a4_short : a4_long) - page_bottom; }

void Paper::turn(bool across) {
  if (cairo_ && page_ > 0) cairo_show_page(cairo_);
  across_ = across;
  ++page_;
  if (cairo_) cairo_pdf_surface_set_size(surface_, across ? a4_long : a4_short, across ? a4_short : a4_long);
  y = page_top;
  if (cairo_) run_heads();
}

void Paper::run_heads() {
  const double right = margin + width();
  if (page_ > 1) {
    const double half = width() / 2 - 10;
    text(margin, 32, half, document_.title, Face::small, quiet, Side::left, true);
    text(right - half, 32, half, document_.organization, Face::small, quiet, Side::right, true);
    line(margin, 47, right, 47, hairline, 0.6);
  }
  const double foot = bottom() + 16;
  line(margin, foot, right, foot, hairline, 0.6);
  static constexpr double number_width = 110;
  text(margin, foot + 5, width() - number_width - 10, document_.imprint, Face::small, quiet, Side::left, true);
  text(right - number_width, foot + 5, number_width, "Page " + std::to_string(page_) + " of " + std::to_string(pages_),
       Face::small, quiet, Side::right, true);
}

void Paper::line(double x1, double y1, double x2, double y2, Colour colour, double thickness, bool dashed) {
  if (!cairo_) return;
  set_colour(cairo_, colour);
  cairo_set_line_width(cairo_, thickness);
  static constexpr std::array<double, 2> dashes{3, 2.5};
  cairo_set_dash(cairo_, dashes.data(), dashed ? 2 : 0, 0);
  cairo_move_to(cairo_, x1, y1);
  cairo_line_to(cairo_, x2, y2);
  cairo_stroke(cairo_);
}

void Paper::box(double x, double y, double width, double height, Colour colour) {
  if (!cairo_) return;
  set_colour(cairo_, colour);
  cairo_rectangle(cairo_, x, y, width, height);
  cairo_fill(cairo_);
}

void Paper::path(const std::vector<std::pair<double, double>>& points, Colour colour, double thickness) {
  if (!cairo_ || points.empty()) return;
  set_colour(cairo_, colour);
  cairo_set_line_width(cairo_, thickness);
  cairo_set_dash(cairo_, nullptr, 0, 0);
  cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
  cairo_move_to(cairo_, points.front().first, points.front().second);
  for (const auto& [x, y] : points) cairo_line_to(cairo_, x, y);
  cairo_stroke(cairo_);
}

double Paper::text(double x, double y, double width, std::string_view text, Face face, Colour colour, Side side,
                   bool one_line) {
  Laid laid(*this, face, width, side, one_line);
  laid.set(text);
  laid.draw(x, y, colour);
  return laid.height();
}

void Paper::bookmark(const std::string& title) {
  if (!cairo_) return;
  const std::string place = "page=" + std::to_string(page_) + " pos=[0 " + std::to_string(static_cast<int>(y)) + "]";
  cairo_pdf_surface_add_outline(surface_, CAIRO_PDF_OUTLINE_ROOT, drawable_text(title).c_str(), place.c_str(),
                                static_cast<cairo_pdf_outline_flags_t>(0));
}

Laid::Laid(Paper& paper, Face face, double width, Side side, bool one_line)
    : paper_(paper), layout_(pango_layout_new(paper.context_.get())), side_(side) {
  const Type type = type_of(face);
  PangoFontDescription* font = pango_font_description_new();
  pango_font_description_set_family_static(font, families);
  pango_font_description_set_size(font, static_cast<int>(type.points * PANGO_SCALE));
  if (type.bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description(layout_.get(), font);
  pango_font_description_free(font);
  pango_layout_set_width(layout_.get(), static_cast<int>(width * PANGO_SCALE));
  pango_layout_set_wrap(layout_.get(), PANGO_WRAP_WORD_CHAR);
  pango_layout_set_line_spacing(layout_.get(), static_cast<float>(type.line_spacing));
  // A name has the hyphens that it has: where a line breaks inside it, nothing is drawn that was not written.
  PangoAttrList* attributes = pango_attr_list_new();
  pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
  pango_layout_set_attributes(layout_.get(), attributes);
  pango_attr_list_unref(attributes);
  if (one_line) {
    pango_layout_set_ellipsize(layout_.get(), PANGO_ELLIPSIZE_END);
    pango_layout_set_single_paragraph_mode(layout_.get(), TRUE);
  }
}

void Laid::set(std::string_view text) {
  if (laid_out_ && text == text_) return;
  text_ = text;
  laid_out_ = false;
}

void Laid::lay_out() {
  if (laid_out_) return;
  const std::string text = drawable_text(text_);
  pango_layout_set_text(layout_.get(), text.data(), static_cast<int>(text.size()));
  // A text that reads from the right stands where its column does; Pango would take it to the other side.
  PangoLayoutLine* first = pango_layout_get_line_readonly(layout_.get(), 0);
  const bool rtl = pango_layout_line_get_resolved_direction(first) == PANGO_DIRECTION_RTL;
  const bool at_right = (side_ == Side::right) != rtl;
  pango_layout_set_alignment(layout_.get(), side_ == Side::centre ? PANGO_ALIGN_CENTER
                                            : at_right            ? PANGO_ALIGN_RIGHT
                                                                  : PANGO_ALIGN_LEFT);
  laid_out_ = true;
  if (!paper_.drawing() && !paper_.lacked_shapes_) {
    paper_.lacked_shapes_ = pango_layout_get_unknown_glyphs_count(layout_.get()) > 0;
  }
}

Laid::Size Laid::size() {
  const bool kept = text_.size() <= kept_text_bytes;
  if (kept) {
    if (const auto found = sizes_.find(text_); found != sizes_.end()) return found->second;
  }
  lay_out();
  int height = 0;
  pango_layout_get_size(layout_.get(), nullptr, &height);
  const Size size{static_cast<double>(height) / PANGO_SCALE,
                  static_cast<double>(pango_layout_get_baseline(layout_.get())) / PANGO_SCALE};
  if (kept && sizes_.size() < sizes_kept) sizes_.emplace(text_, size);
  return size;
}

double Laid::text_width() {
  lay_out();
  PangoRectangle logical;
  pango_layout_get_extents(layout_.get(), nullptr, &logical);
  return static_cast<double>(logical.width) / PANGO_SCALE;
}

void Laid::draw(double x, double y, Colour colour) {
  if (!paper_.cairo_) return;
  lay_out();
  set_colour(paper_.cairo_, colour);
  cairo_move_to(paper_.cairo_, x, y);
  pango_cairo_show_layout(paper_.cairo_, layout_.get());
}

Laid::Part Laid::draw_part(double x, double y, Colour colour, std::size_t first, double room) {
  lay_out();
  Part part;
  PangoLayoutIter* lines = pango_layout_get_iter(layout_.get());
  const auto points = [](int units) { return static_cast<double>(units) / PANGO_SCALE; };
  if (paper_.cairo_) set_colour(paper_.cairo_, colour);
  double start = 0;
  std::size_t at = 0;
  do {
    int above = 0, below = 0;
    pango_layout_iter_get_line_yrange(lines, &above, &below);
    if (at == first) start = points(above);
    if (at > first && points(below) - start > room) {
      part.all = false;
      break;
    }
    if (at >= first) {
      part.height = points(below) - start;
      if (paper_.cairo_) {
        PangoRectangle logical;
        pango_layout_iter_get_line_extents(lines, nullptr, &logical);
        cairo_move_to(paper_.cairo_, x + points(logical.x), y + points(pango_layout_iter_get_baseline(lines)) - start);
        pango_cairo_show_layout_line(paper_.cairo_, pango_layout_iter_get_line_readonly(lines));
      }
    }
    ++at;
  } while (pango_layout_iter_next_line(lines));
  pango_layout_iter_free(lines);
  part.next = at;
  return part;
}

}  // namespace tenure::reports
