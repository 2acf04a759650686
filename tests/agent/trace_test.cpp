#include "agent/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "agent/actor.h"
#include "agent/replay_page.h"
#include "tests/support/agent_harness.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

class TraceFiles : public testing::Test {
 protected:
  TraceFiles() {
    std::string pattern = (fs::temp_directory_path() / "deskhand-trace-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~TraceFiles() override { fs::remove_all(root_); }

  /// A run of two clicks and a password, with its trace.
  Outcome record(const fs::path& directory) {
    AgentHarness h({"click(\"One\")\nclick(\"Two\")\ndone(\"both <b>pressed</b>\")"});
    h.app.add(Role::button, "One");
    h.app.add(Role::button, "Two");
    ScreenElement& secret = h.app.add(Role::password_field, "Password");
    secret.value = "hunter2";
    h.app.paint(secret.box, 255, 255, 0);
    Trace trace(directory);
    h.trace = &trace;
    return h.run("Press One & Two");
  }
  static std::vector<std::string> lines(const fs::path& directory) {
    std::ifstream in(directory / "trace.jsonl");
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  static void write_lines(const fs::path& directory, const std::vector<std::string>& all) {
    std::ofstream out(directory / "trace.jsonl");
    for (const std::string& line : all) out << line << "\n";
  }
  static int mode(const fs::path& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 0777) : -1;
  }
  static std::string problem(const fs::path& directory) {
    const TraceCheck check = check_trace(directory);
    return check.intact ? "" : check.problem;
  }

  fs::path root_;
};

TEST_F(TraceFiles, IsCompleteAndClosedToOthers) {
  const fs::path directory = root_ / "deep" / "trace";
  EXPECT_EQ(record(directory).status, Outcome::Status::done);
  EXPECT_EQ(problem(directory), "");
  EXPECT_EQ(mode(directory), 0700);
  int pictures = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    EXPECT_EQ(mode(entry.path()), 0600) << entry.path();
    pictures += entry.path().extension() == ".png";
  }
  EXPECT_GE(pictures, 5) << "before, marked and after, equal ones once";
  std::vector<std::string> types;
  for (const ordered_json& r : read_trace(directory)) types.push_back(r["type"]);
  EXPECT_EQ(types, (std::vector<std::string>{"begin", "thought", "step", "step", "step", "end"}));
  const ordered_json step = read_trace(directory)[2];
  EXPECT_EQ(step["action"]["input"]["name"], "One");
  EXPECT_EQ(step["verdict"], "allow");
  EXPECT_EQ(step["screen_changed"], true);
  EXPECT_TRUE(step["pictures"].contains("before"));
  EXPECT_TRUE(step["pictures"].contains("marked"));
  EXPECT_TRUE(step["pictures"].contains("after"));
}

TEST_F(TraceFiles, OverwritesNothing) {
  record(root_ / "t");
  EXPECT_THROW(Trace(root_ / "t"), TraceError);
  std::ofstream(root_ / "file") << "x";
  EXPECT_THROW(Trace(root_ / "file"), TraceError);
  EXPECT_THROW(Trace("/proc/no/such"), TraceError);
  EXPECT_THROW(check_trace(root_ / "none"), TraceError);
}

TEST_F(TraceFiles, PasswordFieldsAreBlackedOut) {
  AgentHarness h({"click(\"One\")\ndone(\"\")"});
  h.app.add(Role::button, "One");
  ScreenElement& secret = h.app.add(Role::password_field, "Password");
  h.app.paint(secret.box, 255, 255, 0);
  Image seen = Secrets().without(h.app.picture, h.app.reader()(h.app.picture, h.app.window_list));
  for (int y = secret.box.y0; y < secret.box.y1; ++y)
    for (int x = secret.box.x0; x < secret.box.x1; ++x) ASSERT_NE(seen.pixel(x, y)[0], 255) << x << "," << y;
  EXPECT_EQ(seen.pixel(secret.box.x1 + 2, secret.box.y0)[1], h.app.picture.pixel(secret.box.x1 + 2, secret.box.y0)[1]);
}

TEST_F(TraceFiles, EveryChangeIsNoticed) {
  const fs::path directory = root_ / "t";
  record(directory);
  const std::vector<std::string> original = lines(directory);
  const auto tampered = [&](auto change) {
    std::vector<std::string> all = original;
    change(all);
    write_lines(directory, all);
    return problem(directory);
  };
  for (size_t i = 0; i < original.size(); ++i) {
    EXPECT_THAT(tampered([&](auto& all) { all[i].replace(all[i].find("\"type\""), 6, "\"tyqe\""); }),
                HasSubstr("record " + std::to_string(i) + ": was changed"));
    EXPECT_NE(tampered([&](auto& all) { all.erase(all.begin() + static_cast<long>(i)); }), "") << i;
    EXPECT_NE(tampered([&](auto& all) { all.insert(all.begin() + static_cast<long>(i), all[i]); }), "") << i;
  }
  EXPECT_THAT(tampered([](auto& all) { std::swap(all[2], all[3]); }), HasSubstr("record 2"));
  EXPECT_THAT(tampered([](auto& all) { all.pop_back(); }), HasSubstr("breaks off"));
  EXPECT_THAT(tampered([](auto& all) { all.push_back("{}"); }), HasSubstr("has no hash"));
  EXPECT_THAT(tampered([](auto& all) { all[1] = all[1].substr(0, 40); }), HasSubstr("record 1"));
  // A record written anew with a fitting hash of its own still breaks the chain behind it.
  EXPECT_THAT(tampered([](auto& all) {
                ordered_json record = ordered_json::parse(all[2]);
                record["target"] = "elsewhere";
                record.erase("hash");
                std::string text = record.dump();
                const std::string hash = sha256(text.data(), text.size());
                text.pop_back();
                all[2] = text + ",\"hash\":\"" + hash + "\"}";
              }),
              HasSubstr("record 3: does not follow"));
  EXPECT_EQ(tampered([](auto&) {}), "");
}

TEST_F(TraceFiles, PicturesAreSealedToo) {
  const fs::path directory = root_ / "t";
  record(directory);
  const fs::path picture = directory / "0001-marked.png";
  ASSERT_TRUE(fs::exists(picture));
  std::fstream file(picture, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);
  file.put('\x55');
  file.close();
  EXPECT_THAT(problem(directory), HasSubstr("0001-marked.png was changed"));
  fs::remove(picture);
  EXPECT_THAT(problem(directory), HasSubstr("is missing"));
  fs::create_symlink("/etc/hostname", picture);
  EXPECT_THAT(problem(directory), HasSubstr("is missing"));
  for (const char* name : {"../t/trace.jsonl", "/etc/passwd", "..", "", "a/b.png"})
    EXPECT_THROW(read_trace_picture(directory, name), TraceError) << name;
}

TEST_F(TraceFiles, GarbageIsNoTraceAndNoCrash) {
  fs::create_directories(root_ / "g");
  for (const std::string& text : {std::string("\xff\xfe"), std::string("[]"), std::string("{\"n\":\"x\"}"),
                                  "{\"n\":\"x\",\"hash\":\"" + std::string(64, '0') + "\"}"}) {
    std::ofstream(root_ / "g" / "trace.jsonl") << text << "\n";
    EXPECT_FALSE(check_trace(root_ / "g").intact) << text;
  }
  std::string text = "{\"n\":\"x\",\"prev\":7,\"pictures\":[1]}";  // a fitting hash, senseless entries
  const std::string hash = sha256(text.data(), text.size());
  text.pop_back();
  std::ofstream(root_ / "g" / "trace.jsonl") << text << ",\"hash\":\"" << hash << "\"}\n";
  EXPECT_FALSE(check_trace(root_ / "g").intact);
  EXPECT_FALSE(replay_page(root_ / "g").empty());
}

TEST_F(TraceFiles, ALostDisplayAndAStopLeaveACompleteTrace) {
  for (int after = 0; after < 5; ++after) {
    AgentHarness h({"click(\"One\")\ntype(\"x\")\ndone(\"\")"});
    h.app.add(Role::button, "One");
    const fs::path directory = root_ / std::to_string(after);
    Trace trace(directory);
    h.trace = &trace;
    if (after < 4) {
      h.app.vanish(after);
    } else {
      h.app.on_any = [&](const DesktopAction&) { h.stop.request_stop(); };
    }
    const Outcome outcome = h.run("Press One");
    EXPECT_EQ(problem(directory), "") << after;
    const std::vector<ordered_json> records = read_trace(directory);
    EXPECT_EQ(records.back()["outcome"], outcome_name(outcome.status));
    EXPECT_EQ(records.back()["reason"], outcome.reason);
    const std::string before_the_end = after == 0 ? "begin" : "step";  // the step that was under way
    EXPECT_EQ(records[records.size() - 2]["type"], before_the_end) << after;
  }
}

TEST_F(TraceFiles, APictureThatCannotBeWrittenIsALimit) {
  AgentHarness h({"click(\"One\")\ndone(\"\")"});
  h.app.add(Role::button, "One");
  Trace trace(root_ / "t");
  h.trace = &trace;
  fs::create_directory(root_ / "t" / "0001-before.png");  // the picture cannot be made
  const Outcome outcome = h.run("Press One");
  EXPECT_EQ(outcome.status, Outcome::Status::limit);
  EXPECT_THAT(outcome.reason, HasSubstr("0001-before.png"));
  EXPECT_EQ(h.steps.size(), 0u);
}

TEST_F(TraceFiles, ThePageIsSelfContainedAndEscaped) {
  AgentHarness h({"click(\"</code><script>alert(1)</script>\")\ndone(\"<img src=x onerror=alert(2)>\")"});
  h.app.window_list[0].title = "\"><svg onload=alert(3)>";
  h.app.add(Role::button, "</code><script>alert(1)</script>");
  Trace trace(root_ / "t");
  h.trace = &trace;
  EXPECT_EQ(h.run("Press <it> & 'that'").status, Outcome::Status::done);
  const std::string page = replay_page(root_ / "t");
  EXPECT_THAT(page, HasSubstr("Press &lt;it&gt; &amp; &#39;that&#39;"));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
  for (const char* hostile : {"<script", "<img src=x", "<svg", "http://", "https://", "javascript:", "<link"})
    EXPECT_THAT(page, Not(HasSubstr(hostile))) << hostile;
  EXPECT_THAT(page, HasSubstr("data:image/png;base64,iVBOR"));
  EXPECT_THAT(page, HasSubstr("The trace is intact"));
}

TEST_F(TraceFiles, ThePageShowsABrokenChain) {
  record(root_ / "t");
  std::vector<std::string> all = lines(root_ / "t");
  all[2].replace(all[2].find("One"), 3, "Two");
  write_lines(root_ / "t", all);
  EXPECT_THAT(replay_page(root_ / "t"), HasSubstr("record 2: was changed"));
}

TEST(EscapeHtml, EscapesAllThatMatters) {
  EXPECT_EQ(escape_html("<a href=\"x\" b='y'>&amp;\x01\n"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp; \n");
}

}  // namespace
}  // namespace deskhand
