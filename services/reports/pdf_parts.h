// What a report on paper is made of, each part drawn where the last one ended. For pdf.cpp. See pdf_paper.h for the
// two passes and the thread.
#pragma once

#include "services/reports/document.h"
#include "services/reports/pdf_paper.h"

namespace tenure::reports {

// Begins the first page: organization, title, facts, lines to sign on.
void print_cover(Paper& paper, const Document& document);

void print_chart(Paper& paper, const Chart& chart);

// A no is the rows' own.
Outcome<void> print_table(Paper& paper, const Table& table);

}  // namespace tenure::reports
