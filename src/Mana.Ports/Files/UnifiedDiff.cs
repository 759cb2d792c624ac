using System.Globalization;
using System.Text;

namespace Mana.Ports.Files;

/// <summary>Shows a change as <c>diff -u</c> does.</summary>
public static class UnifiedDiff
{
    private const int Context = 3;

    // Beyond this the table of the exact comparison is too large, and one block of all that differs says enough.
    private const int LargestTable = 4_000_000;

    /// <summary>The lines of the diff; none where nothing changes.</summary>
    public static IReadOnlyList<string> Lines(FileChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (!change.IsChange)
        {
            return [];
        }

        var edits = Compare(Split(change.Before ?? ""), Split(change.After));
        var lines = new List<string> { change.Before is null ? "--- /dev/null" : $"--- a/{change.Path}", $"+++ b/{change.Path}" };
        foreach (var (from, to) in Hunks(edits))
        {
            var hunk = edits.GetRange(from, to - from);
            var (oldStart, newStart) = (edits.Take(from).Count(edit => edit.Mark != '+'), edits.Take(from).Count(edit => edit.Mark != '-'));
            lines.Add($"@@ -{Range(oldStart, hunk.Count(edit => edit.Mark != '+'))} +{Range(newStart, hunk.Count(edit => edit.Mark != '-'))} @@");
            foreach (var (mark, text) in hunk)
            {
                lines.Add(mark + text.TrimEnd('\r', '\n'));
                if (!text.EndsWith('\n'))
                {
                    lines.Add("\\ No newline at end of file");
                }
            }
        }

        return lines;
    }

    /// <summary>The diff of several files as one text.</summary>
    public static string Text(IEnumerable<FileChange> changes)
    {
        var text = new StringBuilder();
        foreach (var line in changes.SelectMany(Lines))
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    private static string Range(int start, int count) => string.Create(CultureInfo.InvariantCulture, $"{(count == 0 ? start : start + 1)}{(count == 1 ? "" : $",{count}")}");

    private static List<string> Split(string text)
    {
        var lines = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start) + 1;
            end = end == 0 ? text.Length : end;
            lines.Add(text[start..end]);
            start = end;
        }

        return lines;
    }

    private static List<(char Mark, string Text)> Compare(List<string> before, List<string> after)
    {
        var head = before.Zip(after).TakeWhile(pair => pair.First == pair.Second).Count();
        var tail = 0;
        while (tail < Math.Min(before.Count, after.Count) - head && before[^(tail + 1)] == after[^(tail + 1)])
        {
            tail++;
        }

        var edits = before.Take(head).Select(line => (' ', line)).ToList();
        edits.AddRange(Middle(before[head..^tail], after[head..^tail]));
        edits.AddRange(before.Skip(before.Count - tail).Select(line => (' ', line)));
        return edits;
    }

    /// <summary>The longest common subsequence; removed lines stand before added ones.</summary>
    private static List<(char Mark, string Text)> Middle(List<string> before, List<string> after)
    {
        if ((long)before.Count * after.Count > LargestTable)
        {
            return [.. before.Select(line => ('-', line)), .. after.Select(line => ('+', line))];
        }

        var common = new int[before.Count + 1, after.Count + 1];
        for (var i = before.Count - 1; i >= 0; i--)
        {
            for (var j = after.Count - 1; j >= 0; j--)
            {
                common[i, j] = before[i] == after[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var edits = new List<(char Mark, string Text)>();
        for (var (i, j) = (0, 0); i < before.Count || j < after.Count;)
        {
            if (i < before.Count && j < after.Count && before[i] == after[j])
            {
                edits.Add((' ', before[i++]));
                j++;
            }
            else if (i < before.Count && (j == after.Count || common[i + 1, j] >= common[i, j + 1]))
            {
                edits.Add(('-', before[i++]));
            }
            else
            {
                edits.Add(('+', after[j++]));
            }
        }

        return edits;
    }

    private static IEnumerable<(int From, int To)> Hunks(List<(char Mark, string Text)> edits)
    {
        var (from, to) = (-1, -1);
        for (var i = 0; i < edits.Count; i++)
        {
            if (edits[i].Mark == ' ')
            {
                continue;
            }

            if (from >= 0 && i - Context > to)
            {
                yield return (from, to);
                from = -1;
            }

            from = from < 0 ? Math.Max(0, i - Context) : from;
            to = Math.Min(edits.Count, i + 1 + Context);
        }

        if (from >= 0)
        {
            yield return (from, to);
        }
    }
}
