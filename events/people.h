// Walks over what an event says of people: whom it names, and which of its texts are private.
// Both follow `fields()` of the event's type, so a new type is covered by being described.
#pragma once

#include <concepts>
#include <type_traits>
#include <vector>

#include "events/event.h"

namespace tenure {

namespace detail {

template <class T, class Of>
concept Is = std::same_as<std::remove_const_t<T>, Of>;

template <class T, class F>
void each_person(T& value, const F& f) {
  if constexpr (Is<T, Person>) {
    f(value);
  } else if constexpr (Is<T, std::optional<Person>>) {
    if (value) f(*value);
  } else if constexpr (Is<T, std::vector<Person>>) {
    for (auto& person : value) f(person);
  } else if constexpr (Is<T, Principal>) {
    if (value.kind == Principal::Kind::member) f(value.member);
  }
}

template <class F>
void each_text(PrivateText& text, const F& f) {
  f(text);
}
template <class T, class F>
void each_text(T&, const F&) {}

template <class Data, class F>
void each_field(Data& data, const F& f) {
  std::apply([&](const auto&... field) { (f(data.*(field.member)), ...); }, Data::fields());
}

}  // namespace detail

// Calls `f(Person&)` for the people in the event's data, in the order of the fields; of a const event, `f(const
// Person&)`.
template <detail::Is<Event> E, class F>
void each_person_in_data(E& event, const F& f) {
  std::visit([&](auto& d) { detail::each_field(d, [&](auto& value) { detail::each_person(value, f); }); }, event.data);
}

// Calls `f(Person&)` for everyone the event names: the actor, the approver, then the data's people.
template <class F>
void each_person(Event& event, const F& f) {
  if (event.actor.is_person()) f(event.actor.who);
  if (event.approved_by && event.approved_by->is_person()) f(event.approved_by->who);
  each_person_in_data(event, f);
}

// Calls `f(PrivateText&)` for each text that is sealed in the log.
template <class F>
void each_private_text(Event& event, const F& f) {
  for (auto* text : {&event.reason, &event.session, &event.source_ip}) {
    if (*text) f(**text);
  }
  std::visit([&](auto& d) { detail::each_field(d, [&](auto& value) { detail::each_text(value, f); }); }, event.data);
}

}  // namespace tenure
