#include "agent/prompt/turn.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string_view>

namespace deskhand {
namespace {

std::chrono::year_month_day date_of(const Day& day) {
  const std::chrono::year_month_day date(std::chrono::year(day.year),
                                         std::chrono::month(static_cast<unsigned>(day.month)),
                                         std::chrono::day(static_cast<unsigned>(day.day)));
  if (!date.ok()) throw std::invalid_argument(fmt::format("{}-{}-{} is no date", day.year, day.month, day.day));
  return date;
}

}  // namespace

std::string day_in_words(const Day& day) {
  static constexpr std::array<std::string_view, 12> months = {"January",   "February", "March",    "April",
                                                              "May",       "June",     "July",     "August",
                                                              "September", "October",  "November", "December"};
  date_of(day);
  return fmt::format("{} {:02}, {}", months[static_cast<size_t>(day.month - 1)], day.day, day.year);
}

std::string day_with_weekday(const Day& day) {
  static constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                               "Thursday", "Friday", "Saturday"};
  const std::chrono::weekday weekday{std::chrono::sys_days(date_of(day))};
  return fmt::format("{}, {}", weekdays[weekday.c_encoding()], day_in_words(day));
}

}  // namespace deskhand
