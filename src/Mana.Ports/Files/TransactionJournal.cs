using System.Security.Cryptography;
using System.Text;

namespace Mana.Ports.Files;

/// <summary>One file of a transaction: what is at its place, and what is to be.</summary>
/// <param name="Target">The file.</param>
/// <param name="Id">Of the new text's file, which lies beside the target until it takes its place.</param>
/// <param name="Before">The digest of what was there; empty: nothing was.</param>
/// <param name="After">The digest of what is to be there.</param>
internal sealed record TransactionStep(string Target, string Id, string Before, string After)
{
    public string Temporary => Path.Combine(Path.GetDirectoryName(Target)!, $".{Path.GetFileName(Target)}.{Id}.tmp");

    public static TransactionStep For(string target, FileChange change) =>
        new(target, Guid.NewGuid().ToString("N"), Digest(change.Before), Digest(change.After));

    public static string Digest(string? text) => text is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>
/// What a transaction is about to do, beside its lock, so that the next run can finish what a killed one began: before
/// all new texts are on the disk it is undone, afterwards it is completed.
/// </summary>
/// <remarks>The steps say what is renamed, but not from where: only a file beside its target can take that place.</remarks>
internal sealed class TransactionJournal(string path)
{
    private const string Preparing = "mana-ports journal 1: preparing", Replacing = "mana-ports journal 1: replacing";

    public static TransactionJournal Of(string lockPath) => new(lockPath + ".journal");

    public bool Exists => File.Exists(path);

    // A journal takes its place whole, like everything else.
    private string Unfinished => path + ".new";

    private string Home => Path.GetDirectoryName(Path.GetFullPath(path))!;

    /// <summary>Temporary files may lie about from now on.</summary>
    public void Prepare(IReadOnlyCollection<TransactionStep> steps) => Write(Preparing, steps);

    /// <summary>Every new text is on the disk: from now on the files are replaced, whatever happens.</summary>
    public void Commit(IReadOnlyCollection<TransactionStep> steps) => Write(Replacing, steps);

    public void Delete()
    {
        File.Delete(path);
        File.Delete(Unfinished);
    }

    /// <summary>Finishes what a killed run began, and says so; nothing where none did.</summary>
    public IReadOnlyList<string> Recover()
    {
        if (!Exists)
        {
            return [];
        }

        var lines = File.ReadAllLines(path);
        var steps = lines.Skip(1).Select(Step).OfType<TransactionStep>().ToList();
        var said = lines is [Replacing, ..] ? steps.Select(Complete).OfType<string>().ToList() : [];
        foreach (var step in steps.Where(step => File.Exists(step.Temporary)))
        {
            File.Delete(step.Temporary);
        }

        Delete();
        return said;
    }

    private string? Complete(TransactionStep step)
    {
        var shown = Path.GetRelativePath(Home, step.Target);
        var now = Digest(step.Target);
        if (now == step.After)
        {
            return null;
        }

        if (!File.Exists(step.Temporary))
        {
            return $"an earlier run was interrupted, and its new {shown} is gone; mana ports check says what is missing";
        }

        if (now != step.Before)
        {
            return $"an earlier run was interrupted, and {shown} was changed since; it stays as it is, mana ports check says where it differs";
        }

        File.Move(step.Temporary, step.Target, overwrite: true);
        return $"an earlier run was interrupted; its change of {shown} is written now";
    }

    private static string Digest(string target)
    {
        try
        {
            return TransactionStep.Digest(FileTransaction.Read(target));
        }
        catch (PortFileException)
        {
            return "no text any more";
        }
    }

    private void Write(string state, IReadOnlyCollection<TransactionStep> steps)
    {
        var text = string.Concat(steps.Select(step => $"{step.Id} {Word(step.Before)} {step.After} {Path.GetRelativePath(Home, step.Target)}\n"));
        using (var stream = new FileStream(Unfinished, FileMode.Create, FileAccess.Write))
        {
            stream.Write(Encoding.UTF8.GetBytes($"{state}\n{text}"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(Unfinished, path, overwrite: true);
    }

    private TransactionStep? Step(string line) =>
        line.Split(' ', 4) is [var id, var before, var after, { Length: > 0 } target] && Guid.TryParseExact(id, "N", out _)
            ? new TransactionStep(Path.GetFullPath(target, Home), id, before == Word("") ? "" : before, after)
            : null;

    private static string Word(string digest) => digest.Length == 0 ? "-" : digest;
}
