// What only some elements have: texts, numbers, labels, actions.
#include <atspi/atspi-constants.h>
#include <fmt/format.h>

#include <algorithm>

#include "platform/atspi/optional/tree_reader.h"

namespace deskhand {
namespace {

constexpr int32_t most_characters = 2000;
constexpr const char* text_interface = "org.a11y.atspi.Text";

bool holds_text(const AccessibleNode& node) {
  return node.role == Role::text_field || node.role == Role::text_area || node.role == Role::spin_button ||
         node.role == Role::terminal;
}

bool holds_number(const AccessibleNode& node) {
  return node.role == Role::slider || node.role == Role::other;
}

bool wants_label(const AccessibleNode& node) {
  return holds_text(node) || node.role == Role::slider || node.role == Role::combo_box ||
         node.role == Role::password_field;
}

/// Without the characters that stand for objects inside the text, and without blanks at the end.
std::string plain(std::string text) {
  constexpr std::string_view object = "\uFFFC";
  for (size_t at = text.find(object); at != std::string::npos; at = text.find(object, at))
    text.erase(at, object.size());
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

/// One turn for everything but the texts themselves, whose length must be known first.
void TreeReader::read_details(std::vector<Application>& applications) {
  std::vector<NodeRef> texts, numbers, fields, cells;
  for (Application& application : applications) {
    for (size_t i = 0; i < application.tree.nodes.size(); ++i) {
      const NodeRef ref{&application, static_cast<int>(i)};
      const AccessibleNode& node = ref.get();
      if (node.kind != NodeKind::element || !node.showing || node.box.empty()) continue;
      if (holds_text(node)) texts.push_back(ref);
      if (holds_number(node)) numbers.push_back(ref);
      if (wants_label(node)) fields.push_back(ref);
      if (node.role == Role::table_cell && node.name.empty()) cells.push_back(ref);
      if (node.role == Role::combo_box) settle_combo_box(ref);
    }
  }
  std::vector<BusCall> calls;
  for (const NodeRef& ref : fields) {
    calls.push_back({ref.application->peer, ref.path(), "org.a11y.atspi.Accessible", "GetRelationSet"});
  }
  for (const NodeRef& ref : cells) {
    calls.push_back({ref.application->peer, ref.path(), "org.a11y.atspi.Action", "GetName", {int32_t{0}}});
  }
  for (const NodeRef& ref : numbers) calls.push_back(property(ref, "org.a11y.atspi.Value", "CurrentValue"));
  for (const NodeRef& ref : texts) calls.push_back(property(ref, text_interface, "CharacterCount"));
  const std::vector<Reply> replies = bus_.call(calls, deadline_);
  auto reply = replies.begin();
  for (const NodeRef& ref : fields) take_label(ref, *reply++);
  for (const NodeRef& ref : cells) ref.get().toggles = ReplyReader(*reply++).text() == "toggle";
  for (const NodeRef& ref : numbers) {
    ReplyReader value = ReplyReader(*reply++).inside();
    if (value.at(DBUS_TYPE_DOUBLE)) ref.get().value = fmt::format("{:.6g}", value.real());
  }
  read_texts(texts, {reply, replies.end()});
}

BusCall TreeReader::property(const NodeRef& ref, const char* interface, const char* name) {
  return {ref.application->peer,
          ref.path(),
          "org.freedesktop.DBus.Properties",
          "Get",
          {std::string(interface), std::string(name)}};
}

void TreeReader::read_texts(std::span<const NodeRef> nodes, std::span<const Reply> counts) {
  std::vector<BusCall> calls;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const int64_t count = ReplyReader(counts[i]).inside().number();
    const auto end = static_cast<int32_t>(std::clamp<int64_t>(count, 0, most_characters));
    calls.push_back({nodes[i].application->peer, nodes[i].path(), text_interface, "GetText", {int32_t{0}, end}});
  }
  const std::vector<Reply> texts = bus_.call(calls, deadline_);
  for (size_t i = 0; i < nodes.size(); ++i) nodes[i].get().value = plain(ReplyReader(texts[i]).text());
}

/// Finds the first node that labels the field, and its text: its own or that of a child.
void TreeReader::take_label(NodeRef field, const Reply& reply) {
  const Application& application = *field.application;
  AccessibleNode& node = field.get();
  ReplyReader reader(reply);
  for (ReplyReader relations = reader.inside(); relations.more();) {
    ReplyReader relation = relations.inside();
    if (relation.number() != ATSPI_RELATION_LABELLED_BY) continue;
    ReplyReader targets = relation.inside();
    ReplyReader target = targets.inside();
    target.skip();  // the peer
    const auto found = std::ranges::find(application.paths, target.text());
    if (found == application.paths.end()) continue;
    node.labelled_by = static_cast<int>(found - application.paths.begin());
    const auto& all = application.tree.nodes;
    node.label = all[node.labelled_by].name;
    for (size_t k = 0; k < all.size() && node.label.empty(); ++k) {
      if (all[k].parent == node.labelled_by) node.label = all[k].name;
    }
  }
}

/// The chosen item is the value. GTK names a combo box by its chosen item.
void TreeReader::settle_combo_box(NodeRef combo) {
  AccessibleNode& node = combo.get();
  const auto& nodes = combo.application->tree.nodes;
  for (size_t i = static_cast<size_t>(combo.node) + 1; i < nodes.size(); ++i) {
    if (!nodes[i].selected) continue;
    for (int up = nodes[i].parent; up >= combo.node; up = nodes[static_cast<size_t>(up)].parent) {
      if (up == combo.node) node.value = nodes[i].name;
    }
  }
  if (combo.application->toolkit != "gtk") return;
  node.value = node.name;
  node.name.clear();
}

}  // namespace deskhand
