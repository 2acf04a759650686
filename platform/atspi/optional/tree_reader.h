#pragma once
// Reads the trees of all applications over the accessibility bus: in as few turns as their caches allow, everything of
// a turn at once.
//
//   TreeReader reader(*bus);
//   const std::vector<AccessibleTree> trees = reader.read(windows, deadline);
//
// What is not showing is not entered, but for combo boxes, whose items tell their value. The number of nodes per
// application and of children per node is bounded.

#include <map>
#include <unordered_map>

#include "platform/atspi/node.h"
#include "platform/atspi/optional/bus.h"

namespace deskhand {

class TreeReader {
 public:
  explicit TreeReader(AccessibilityBus& bus) : bus_(bus) {}
  std::vector<AccessibleTree> read(std::span<const Window> windows, Clock::time_point deadline);

 private:
  /// What an application's cache tells of one object.
  struct Item {
    std::string parent, name, description;
    std::vector<std::string> children;  ///< in order, where known
    int64_t child_count = -1;           ///< −1: `children` is complete
    int64_t role = 0;
    uint64_t states = 0;
  };
  struct Application {
    std::string peer, toolkit;
    AccessibleTree tree;
    std::vector<std::string> paths;  ///< by node
    std::unordered_map<std::string, Item> cache;
  };
  /// A node whose parent was read.
  struct Entry {
    Application* application;
    std::string path;
    int parent;
  };
  struct NodeRef {
    Application* application;
    int node;
    AccessibleNode& get() const { return application->tree.nodes[static_cast<size_t>(node)]; }
    const std::string& path() const { return application->paths[static_cast<size_t>(node)]; }
  };

  std::vector<Application> list_applications(std::span<const Window> windows);
  void read_caches(std::vector<Application>& applications);
  void parse_cache(Application& application, const Reply& reply);
  void read_uncached(std::span<const Entry> level);
  std::vector<NodeRef> add_nodes(std::span<const Entry> level);
  static bool is_entered(const NodeRef& ref);
  static std::vector<Entry> cached_children(std::span<const NodeRef> nodes);
  std::vector<Entry> enter(std::span<const NodeRef> nodes);
  static BusCall property(const NodeRef& ref, const char* interface, const char* name);
  void read_details(std::vector<Application>& applications);
  void read_texts(std::span<const NodeRef> nodes, std::span<const Reply> counts);
  static void take_label(NodeRef field, const Reply& relations);
  static void settle_combo_box(NodeRef combo);

  AccessibilityBus& bus_;
  Clock::time_point deadline_;
};

}  // namespace deskhand
