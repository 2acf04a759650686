#include "agent/secrets.h"

#include <algorithm>
#include <array>

#include "platform/key_chord.h"
#include "tools/names.h"
#include "vision/marks.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

constexpr size_t least_characters = 3;  // of a value that is masked wherever it stands
constexpr size_t least_inside = 7;      // of a word that tells a secret inside a longer word, too

/// In the form of plain_words.
constexpr std::array secret_words = {"password",
                                     "passphrase",
                                     "passcode",
                                     "pin",
                                     "pin code",
                                     "pincode",
                                     "puk",
                                     "cvv",
                                     "cvv2",
                                     "cvc",
                                     "cvc2",
                                     "csc",
                                     "card number",
                                     "security code",
                                     "verification code",
                                     "authentication code",
                                     "one time code",
                                     "one time password",
                                     "otp",
                                     "totp",
                                     "2fa",
                                     "tan",
                                     "recovery code",
                                     "backup code",
                                     "recovery key",
                                     "secret key",
                                     "private key",
                                     "api key",
                                     "access token",
                                     "social security number",
                                     "ssn",
                                     "passwort",
                                     "kennwort",
                                     "kartennummer",
                                     "prüfnummer",
                                     "sicherheitscode",
                                     "mot de passe",
                                     "numéro de carte",
                                     "code de sécurité",
                                     "contraseña",
                                     "número de tarjeta",
                                     "código de seguridad",
                                     "senha",
                                     "wachtwoord",
                                     "hasło",
                                     "пароль"};

bool has_field_role(const ScreenElement& element) {
  return element.editable || element.role == Role::text_field || element.role == Role::text_area ||
         element.role == Role::spin_button;
}

/// "[sudo] password for ada:", the line at which a terminal waits.
bool asks_in_terminal(const std::string& lines) {
  const size_t end = lines.find_last_not_of(" \n\t");
  if (end == std::string::npos || lines[end] != ':') return false;
  const size_t begin = lines.rfind('\n', end);
  return names_secret(lines.substr(begin == std::string::npos ? 0 : begin + 1, end));
}

bool is_between(char c) {
  return c == ' ' || c == '-' || c == '\n' || c == '\t';
}

std::string without_separators(std::string_view text) {
  std::string bare;
  std::copy_if(text.begin(), text.end(), std::back_inserter(bare), [](char c) { return !is_between(c); });
  return bare;
}

/// The length of the secret where it begins at `at`, spaces and dashes inside included; 0 when it does not.
size_t match(std::string_view text, size_t at, std::string_view secret) {
  size_t i = at;
  for (const char c : secret) {
    while (i > at && i < text.size() && is_between(text[i])) ++i;
    if (i >= text.size() || text[i] != c) return 0;
    ++i;
  }
  return i - at;
}

std::string quoted(const std::string& value) {
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Whether the call names a place that takes a secret.
bool goes_to_secret(const Action& action, const Screen& screen) {
  const auto name = action.input.find("name");
  if (name == action.input.end() || !name->is_string()) {
    const auto id = action.input.find("id");
    if (id == action.input.end()) return false;
    return std::any_of(screen.elements.begin(), screen.elements.end(),
                       [&](const ScreenElement& e) { return *id == e.id && takes_secret(e); });
  }
  if (names_secret(name->get<std::string>())) return true;
  const ScreenElement* element = resolve_name(screen, name->get<std::string>(), NameUse::fill);
  return element && takes_secret(*element);
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

bool names_secret(std::string_view label) {
  const std::string words = plain_words(label);
  return std::any_of(secret_words.begin(), secret_words.end(), [&](std::string_view word) {
    return contains_words(words, word) || (word.size() >= least_inside && words.find(word) != std::string::npos);
  });
}

bool is_secret_field(const ScreenElement& element) {
  if (element.role == Role::password_field) return true;
  if (element.source != ElementSource::accessibility || element.role == Role::terminal) return false;
  return has_field_role(element) && names_secret(element.text);
}

bool takes_secret(const ScreenElement& element) {
  if (element.role == Role::terminal) return asks_in_terminal(element.value);
  if (element.source != ElementSource::accessibility) return names_secret(element.text);
  return is_secret_field(element);
}

void Secrets::learn(std::string_view value) {
  const auto add = [this](std::string bare) {
    if (!bare.empty() && std::find(values_.begin(), values_.end(), bare) == values_.end())
      values_.push_back(std::move(bare));
  };
  const std::string bare = without_separators(value), in_quotes = quoted(std::string(value));
  if (bare.empty()) return;
  if (bare.size() < least_characters) {
    add(in_quotes);
    return;
  }
  add(bare);
  add(without_separators(in_quotes.substr(1, in_quotes.size() - 2)));
  // The longest first: a part of a secret must not hide where the rest of it is.
  std::stable_sort(values_.begin(), values_.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

void Secrets::learn_from(const Screen& screen) {
  for (const ScreenElement& element : screen.elements)
    if (is_secret_field(element)) learn(element.value);
}

std::string Secrets::mask(std::string_view text) const {
  std::string masked;
  for (size_t at = 0; at < text.size();) {
    size_t length = 0;
    bool in_quotes = false;
    for (const std::string& value : values_) {
      length = match(text, at, value);
      in_quotes = length > 0 && value.front() == '"';
      if (length > 0) break;
    }
    if (length == 0) {
      masked += text[at++];
      continue;
    }
    masked += in_quotes ? quoted(std::string(mark)) : std::string(mark);
    at += length;
  }
  return masked;
}

ordered_json Secrets::mask_all(const ordered_json& value) const {
  if (value.is_string()) return mask(value.get_ref<const std::string&>());
  if (!value.is_structured()) return value;
  ordered_json masked = value;
  for (auto& item : masked) item = mask_all(item);
  return masked;
}

Image Secrets::without(const Image& picture, const Screen& screen) {
  learn_from(screen);
  Image copy = picture;
  for (const ScreenElement& element : screen.elements) {
    if (element.role == Role::terminal) continue;  // its text is one element: the whole picture would be black
    if (is_secret_field(element) || is_known(element.text) || is_known(element.value))
      black_out(copy, element.box.intersect(copy.bounds()));
  }
  return copy;
}

std::string Secrets::mask_reply(const std::string& reply, bool readable, std::span<const Action> actions,
                                const Screen& screen) {
  learn_from(screen);
  const bool asked_for =
      names_secret(reply) || std::any_of(screen.elements.begin(), screen.elements.end(), takes_secret);
  if (!readable && asked_for) return std::string(mark);
  bool by_name = false;  // the last call that chose a place chose a secret one
  std::string shown = reply;
  for (const Action& action : actions) {
    if (action.name == "fill" || action.name == "click_element") by_name = goes_to_secret(action, screen);
    const std::string text = text_input(action);
    if (text.empty()) continue;
    if (action.name == "fill" && by_name) learn(text);
    // Nobody knows yet where the keyboard will be: one record may hide too much.
    if (action.name == "type" && by_name) learn(text);
    const bool typed = action.name == "type" || (action.name == "key" && types_character(text));
    if (typed && asked_for) replace_all(shown, quoted(text), quoted(std::string(mark)));
  }
  return mask(shown);
}

}  // namespace deskhand
