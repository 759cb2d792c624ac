using System.Text.Json;
using Mana.Contracts;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Conversation;

/// <summary>
/// Asks for the ratings in the same conversation, through a forced schema. A malformed answer gets one repair turn;
/// what is missing after that stays missing and is counted.
/// </summary>
internal sealed class RatingTurn(PersonaConversation conversation, TickRecorder recorder, Prompts prompts)
{
    /// <summary>Asks, checks, stores.</summary>
    /// <param name="cancellationToken">The tick's deadline or the stop.</param>
    /// <param name="stopping">The stop alone: the tick will go on later.</param>
    public async Task RunAsync(CancellationToken cancellationToken, CancellationToken stopping)
    {
        // A tool that the model made up belongs to no module; a module that only failed was met and can be rated.
        var modules = recorder.Calls.Where(call => call.IsKnown).GroupBy(call => call.Module, StringComparer.Ordinal).ToList();
        if (modules.Count == 0)
        {
            return;
        }

        var reading = new RatingReading(modules);
        conversation.Say(ChatRole.User, prompts.Rate(modules));
        try
        {
            var faults = await AskAsync("rate", reading, cancellationToken);
            if (faults.Count > 0)
            {
                await AskAsync("repair", reading, cancellationToken);
            }
        }
        catch (Exception e) when (e is not (ParkedException or StaleEpochException) && !stopping.IsCancellationRequested)
        {
            // The model failed, or the time is up: what was said is kept, what was not is counted. A tick that goes on
            // later, or elsewhere, asks there.
            await recorder.RatingsAsync(reading.Ratings, reading.Missing, CancellationToken.None);
            throw;
        }

        await recorder.RatingsAsync(reading.Ratings, reading.Missing, CancellationToken.None);
    }

    private async Task<IReadOnlyList<string>> AskAsync(string purpose, RatingReading reading, CancellationToken cancellationToken)
    {
        var response = await conversation.AskAsync(purpose, ChatToolMode.RequireSpecific(RatingTool.Name), cancellationToken);
        var calls = response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToList();
        IReadOnlyList<string> faults = [$"{RatingTool.Name} was not called"];
        foreach (var call in calls.Where(call => call.Name == RatingTool.Name))
        {
            faults = reading.Take(call.Arguments);
        }

        if (calls.Count == 0)
        {
            if (purpose == "rate")
            {
                conversation.Say(ChatRole.User, prompts.Repair(faults));
            }

            return faults;
        }

        // Whatever was called is answered, so that the history stays a valid one.
        conversation.Answer(calls.Select(call => Result(call, faults)));
        return faults;
    }

    private FunctionResultContent Result(FunctionCallContent call, IReadOnlyList<string> faults)
    {
        if (faults.Count == 0 && call.Name == RatingTool.Name)
        {
            return new FunctionResultContent(call.CallId, "ok");
        }

        var error = faults.Count == 0 ? prompts.VisitIsOver : prompts.Repair(faults);
        return new FunctionResultContent(call.CallId, error) { Exception = new ToolCallException(error) };
    }
}

/// <summary>Reads ratings against what really happened: known modules, whole numbers from 1 to 5 or null, real action ids.</summary>
internal sealed class RatingReading(IReadOnlyList<IGrouping<string, RecordedCall>> modules)
{
    private const int MaxTextLength = 1000;

    private readonly Dictionary<string, TickRating> _ratings = new(StringComparer.Ordinal);

    /// <summary>What could be read, by module.</summary>
    public IReadOnlyList<TickRating> Ratings => [.. _ratings.Values.OrderBy(rating => rating.Module, StringComparer.Ordinal)];

    /// <summary>The modules that were used and have no usable entry.</summary>
    public int Missing => modules.Count(module => !_ratings.ContainsKey(module.Key));

    /// <summary>Takes one answer; entries without fault replace earlier ones.</summary>
    /// <returns>What has to be mended, in sentences for the model; empty when all is well.</returns>
    public IReadOnlyList<string> Take(IDictionary<string, object?>? arguments)
    {
        var faults = new List<string>();
        if (arguments is null || !arguments.TryGetValue("ratings", out var value) || value is not JsonElement { ValueKind: JsonValueKind.Array } entries)
        {
            return ["ratings must be an array with one entry for each module"];
        }

        foreach (var entry in entries.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object)
            {
                faults.Add("each entry of ratings must be an object");
                continue;
            }

            TakeEntry(entry, faults);
        }

        foreach (var module in modules.Where(module => !_ratings.ContainsKey(module.Key)))
        {
            faults.Add($"an entry for the module {module.Key} is missing");
        }

        return faults.Distinct().ToList();
    }

    private void TakeEntry(JsonElement entry, List<string> faults)
    {
        var named = Text(entry, "module");
        var module = modules.FirstOrDefault(module => ModuleNames.Normalise(module.Key) == ModuleNames.Normalise(named ?? ""));
        if (module is null)
        {
            faults.Add($"module must be one of {string.Join(", ", modules.Select(known => known.Key))}");
            return;
        }

        if (!TryRating(entry, out var rating))
        {
            faults.Add($"the rating of {module.Key} must be a whole number from 1 to 5, or null");
            return;
        }

        var evidence = new List<int>();
        if (entry.TryGetProperty("actions", out var actions) && actions.ValueKind == JsonValueKind.Array)
        {
            foreach (var action in actions.EnumerateArray())
            {
                var call = module.FirstOrDefault(call => action.ValueKind == JsonValueKind.String && call.ActionId == action.GetString());
                if (call is null)
                {
                    faults.Add($"actions of {module.Key} may only name {string.Join(", ", module.Select(known => known.ActionId))}");
                }
                else if (!evidence.Contains(call.Seq))
                {
                    evidence.Add(call.Seq);
                }
            }
        }

        if (rating is not null && evidence.Count == 0)
        {
            faults.Add($"actions of {module.Key} must name at least one of {string.Join(", ", module.Select(known => known.ActionId))}");
        }

        // The number stands even when its evidence needs mending: a wrong id does not make a judgement untrue.
        _ratings[module.Key] = new TickRating(module.Key, rating, Text(entry, "whatHappened"), Text(entry, "note"), evidence);
    }

    private static bool TryRating(JsonElement entry, out int? rating)
    {
        rating = null;
        if (!entry.TryGetProperty("rating", out var value))
        {
            return false;
        }

        if (value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || number != Math.Floor(number) || number is < 1 or > 5)
        {
            return false;
        }

        rating = (int)number;
        return true;
    }

    private static string? Text(JsonElement entry, string name)
    {
        if (!entry.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return PlainText.Cut(PlainText.Clean(value.GetString()!.Trim()), MaxTextLength);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which JSON can hold and .NET refuses to read: no text, not a failed visit.
            return null;
        }
    }
}
