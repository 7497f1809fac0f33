// A4 paper for pdf.cpp and its parts: pages one after the other, texts laid out by Pango, lines and boxes by Cairo.
//
// Everything is done twice by the same code: once to count the pages, which draws nothing, and once to draw, when "Page
// n of m" can be said. Lengths are points (1/72 inch) from the top left corner of the page.
//
// One thread for each Paper. Pango and Cairo keep fonts in a font map, of which each Paper has its own; what they share
// below that (fontconfig's list of fonts, Cairo's font faces) has their own locks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/reports/document.h"
#include "services/reports/pulled_rows.h"
#include "services/reports/write.h"

struct _PangoFontMap;
struct _PangoContext;
struct _PangoLayout;
struct _cairo;
struct _cairo_surface;

namespace tenure::reports {

struct Colour {
  std::uint32_t rgb;
};
inline constexpr Colour ink{0x1F2933}, quiet{0x5F6B78}, hairline{0xD9DEE4}, ground{0xEEF1F4}, accent{0x34516F};
Colour colour_of(Tone tone);

enum class Face : std::uint8_t { cover, heading, chart, organization, body, label, cell, cell_head, small };
enum class Side : std::uint8_t { left, right, centre };

struct Unref {
  void operator()(void* object) const;
};

class Paper {
 public:
  static constexpr double margin = 48, page_top = 62, page_bottom = 56;

  explicit Paper(const Document& document);
  ~Paper();
  Paper(const Paper&) = delete;

  void count();
  void draw(const Sink& sink);
  // Ends the pass that count or draw began.
  Outcome<void> finish();

  // A new page; the first has no running heading.
  void turn(bool across);
  bool across() const { return across_; }
  double width() const;   // between the margins
  double bottom() const;  // where the foot begins
  bool fits(double height) const { return y + height <= bottom(); }
  bool drawing() const { return cairo_ != nullptr; }
  // Whether some text had a character that no installed font has.
  bool lacked_shapes() const { return lacked_shapes_; }

  double y = 0;  // where the next thing goes

  void line(double x1, double y1, double x2, double y2, Colour colour, double thickness, bool dashed = false);
  void box(double x, double y, double width, double height, Colour colour);
  void path(const std::vector<std::pair<double, double>>& points, Colour colour, double thickness);
  // One text where it is; answers its height.
  double text(double x, double y, double width, std::string_view text, Face face, Colour colour, Side side = Side::left,
              bool one_line = false);
  // An entry of the reader's list of contents, for this place.
  void bookmark(const std::string& title);

 private:
  friend class Laid;
  void run_heads();
  static int take(void* paper, const unsigned char* bytes, unsigned count);

  const Document& document_;
  std::unique_ptr<_PangoFontMap, Unref> fonts_;
  std::unique_ptr<_PangoContext, Unref> context_;
  _cairo_surface* surface_ = nullptr;
  _cairo* cairo_ = nullptr;
  std::optional<Buffered> to_;
  std::optional<Failure> no_;
  std::exception_ptr thrown_;
  std::size_t page_ = 0, pages_ = 0;
  bool across_ = false, lacked_shapes_ = false;
};

// A place for texts of one face and width, one after the other: a column of a table, say. How high a text is is kept,
// for some thousand short texts, since most columns say the same few things.
class Laid {
 public:
  Laid(Paper& paper, Face face, double width, Side side, bool one_line = false);

  // Scripts differ in how high their letters stand: texts side by side are on one line by their baselines.
  struct Size {
    double height = 0;
    double baseline = 0;  // of the first line, from the top
  };

  void set(std::string_view text);
  Size size();
  double height() { return size().height; }
  double text_width();
  // The whole text, where `x` is the left edge of the place.
  void draw(double x, double y, Colour colour);

  struct Part {
    std::size_t next = 0;  // the first line that did not fit
    double height = 0;
    bool all = true;
  };
  // The lines from `first` on that fit into `room`; at least one.
  Part draw_part(double x, double y, Colour colour, std::size_t first, double room);

 private:
  void lay_out();

  Paper& paper_;
  std::unique_ptr<_PangoLayout, Unref> layout_;
  Side side_;
  std::string text_;
  bool laid_out_ = false;
  std::unordered_map<std::string, Size> sizes_;
};

}  // namespace tenure::reports
