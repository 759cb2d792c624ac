using System.Diagnostics;
using CsCheck;
using Mana.Ports.Files;
using Mana.Testing;

namespace Mana.Tests.Ports;

public sealed class UnifiedDiffTests
{
    [Fact]
    public void A_change_is_shown_as_diff_shows_it() =>
        UnifiedDiff.Text([new FileChange("f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n")]).Should().Be(
            "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");

    [Fact]
    public void Nothing_is_shown_where_nothing_changes() => UnifiedDiff.Lines(new FileChange("f", "a\n", "a\n")).Should().BeEmpty();

    [Fact]
    public void Git_makes_the_new_text_of_any_diff()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "git is not installed.");
        using var directory = new TemporaryDirectory();
        var text = Gen.OneOf("a\n", "b\n", "c\n", "\n", "dd\n", "x").Array[0, 30].Select(lines => string.Concat(lines));
        Gen.Select(text, text).Sample(
            (before, after) =>
            {
                var path = Path.Combine(directory.Path, "f");
                File.WriteAllText(path, before);
                var patch = Path.Combine(directory.Path, "p");
                File.WriteAllText(patch, UnifiedDiff.Text([new FileChange("f", before, after)]));
                if (before != after)
                {
                    using var git = Process.Start(new ProcessStartInfo("git", ["apply", "--unsafe-paths", "--whitespace=nowarn", patch]) { WorkingDirectory = directory.Path })!;
                    git.WaitForExit();
                }

                return File.Exists(path) ? File.ReadAllText(path) == after : after.Length == 0;
            },
            iter: 40,
            threads: 1);
    }
}
