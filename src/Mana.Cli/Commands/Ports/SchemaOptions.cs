using System.CommandLine;
using Mana.Cli.Output;
using Mana.Ports.Files;
using Mana.Ports.Model;

namespace Mana.Cli.Commands.Ports;

/// <summary>Which schema a command reads: a file alone, or a directory with everything that follows its schema.</summary>
internal sealed class SchemaOptions
{
    public Option<string?> File { get; } = new("--file") { Description = "The schema file alone, without the files that follow it", HelpName = "PATH" };

    public Option<string?> Root { get; } = new("--root")
    {
        Description = $"The directory of {PortSchema.DefaultPath} and of what follows it (default: this directory or the nearest above that has one)",
        HelpName = "DIR",
    };

    public void AddTo(Command command)
    {
        command.Add(File);
        command.Add(Root);
    }

    /// <summary>Reads the schema.</summary>
    /// <exception cref="CliException">There is none, or it has faults; all of them are printed.</exception>
    public LoadedSchema Load(CommandContext context)
    {
        if (context.Get(File) is not null && context.Get(Root) is not null)
        {
            throw new CliException(ExitCode.Usage, "--file looks at a schema alone and --root at a whole directory; give one of them");
        }

        var path = context.Get(File) is { } file ? Path.GetFullPath(file) : Path.Combine(FindRoot(context), PortSchema.DefaultPath);
        if (context.Get(File) is null)
        {
            FinishInterrupted(context, Path.GetDirectoryName(path)!);
        }

        if (!System.IO.File.Exists(path))
        {
            throw new CliException(ExitCode.Usage, $"there is no {Shown(path)}; name a schema with --file, or its directory with --root");
        }

        var loaded = new LoadedSchema(path, System.IO.File.ReadAllText(path), IsAlone: context.Get(File) is not null);
        var read = SchemaReader.Read(loaded.Text, Path.GetFileName(path));
        if (read.Schema is { } schema)
        {
            return loaded with { Schema = schema };
        }

        foreach (var fault in read.Faults)
        {
            context.Warn((fault with { Path = Shown(path) }).ToString());
        }

        throw new CliException(ExitCode.Usage, $"{Shown(path)} has {read.Faults.Count} {(read.Faults.Count == 1 ? "fault" : "faults")}; nothing was checked or changed");
    }

    /// <summary>As short as it can be said from here.</summary>
    internal static string Shown(string path)
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }

    /// <summary>A run that was killed between two files left them half-written: whoever comes next finishes its work, and says so.</summary>
    private static void FinishInterrupted(CommandContext context, string root)
    {
        try
        {
            foreach (var done in FileTransaction.Recover(Path.Combine(root, WriteOptions.LockName)))
            {
                context.Warn($"mana: {done}");
            }
        }
        catch (IOException e)
        {
            throw new CliException(ExitCode.Refused, $"an earlier run was interrupted and cannot be finished: {e.Message}");
        }
    }

    private string FindRoot(CommandContext context)
    {
        if (context.Get(Root) is { } root)
        {
            return Path.GetFullPath(root);
        }

        for (var directory = Directory.GetCurrentDirectory(); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (System.IO.File.Exists(Path.Combine(directory, PortSchema.DefaultPath)))
            {
                return directory;
            }
        }

        return Directory.GetCurrentDirectory();
    }
}

/// <summary>A schema and where it lies.</summary>
/// <param name="FullPath">The file.</param>
/// <param name="Text">Its text.</param>
/// <param name="IsAlone">The files that follow it are not looked at.</param>
internal sealed record LoadedSchema(string FullPath, string Text, bool IsAlone)
{
    public PortSchema Schema { get; init; } = null!;

    public string Root => Path.GetDirectoryName(FullPath)!;

    /// <summary>The full path of a file of the schema.</summary>
    public string At(string path) => Path.Combine(Root, path);

    /// <summary>The text of a file of the schema; null where there is none.</summary>
    public string? Read(string path) => File.Exists(At(path)) ? File.ReadAllText(At(path)) : null;

    /// <summary>A file of the schema, for people.</summary>
    public string Shown(string path) => SchemaOptions.Shown(At(path)).Replace('\\', '/');
}
