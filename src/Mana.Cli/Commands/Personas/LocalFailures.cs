using Mana.Cli.Output;

namespace Mana.Cli.Commands.Personas;

/// <summary>
/// What the runner knows of failing personas: an older mana-auth cannot say it, and ours has not heard of it while
/// deliveries wait.
/// </summary>
internal static class LocalFailures
{
    // The list is mana-auth's; the runner only adds to it, and need not run.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The personas that failed last, by e-mail; empty where the runner cannot be asked.</summary>
    public static async Task<IReadOnlyDictionary<string, RestingPersona>> ReadAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, context.Environment.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        using var runner = context.Runner();
        try
        {
            return (await runner.RestingAsync(either.Token)).Where(persona => persona.LastError is not null)
                .ToDictionary(persona => persona.Email, StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is CliException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new Dictionary<string, RestingPersona>();
        }
    }
}
