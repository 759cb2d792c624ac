using System.Text.Json;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Conversation;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Runner.Support;

/// <summary>A brain whose turns the test decides; it checks that the history it is sent is one that a real API accepts.</summary>
internal sealed class TestBrain : IChatClient
{
    private const string FinishKey = "finish";

    private readonly Func<BrainRequest, Task<ChatMessage>> _turn;
    private int _callId;

    private TestBrain(Func<BrainRequest, Task<ChatMessage>> turn) => _turn = turn;

    public List<BrainRequest> Requests { get; } = [];

    public static Brain Create(Func<BrainRequest, ChatMessage> turn) => Create(request => Task.FromResult(turn(request)));

    public static Brain Create(Func<BrainRequest, Task<ChatMessage>> turn) => new("test", "test-model", new TestBrain(turn));

    /// <summary>One call of each tool in the first turn, a closing text in the second, the given rating for every module.</summary>
    public static Brain Visit(int rating = 4, params string[] tools) => Create(request => request.IsRating
        ? Rate(request, request.Modules.Select(module => Entry(module.Name, rating, module.Actions)).ToArray())
        : request.Turn == 0
            ? request.Calls([.. (tools.Length == 0 ? ["todo_create", "notes_create"] : tools).Select(tool => (tool, """{"title":"x"}"""))])
            : Say("Das war gut."));

    public static ChatMessage Say(string text) => new(ChatRole.Assistant, text);

    /// <summary>The message, ended for another reason than usual.</summary>
    public static ChatMessage Ended(ChatMessage message, ChatFinishReason reason)
    {
        message.AdditionalProperties = new AdditionalPropertiesDictionary { [FinishKey] = reason };
        return message;
    }

    public static ChatMessage Rate(BrainRequest request, params string[] entries) =>
        request.Calls((RatingTool.Name, $$"""{"ratings":[{{string.Join(',', entries)}}]}"""));

    public static string Entry(string module, object? rating, IEnumerable<string> actions, string note = "ging gut") =>
        JsonSerializer.Serialize(new { module, whatHappened = "etwas", rating, note, actions });

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var request = new BrainRequest([.. messages], options!, () => $"toolu_{Interlocked.Increment(ref _callId)}");
        request.ShouldBeValid();
        lock (Requests)
        {
            Requests.Add(request);
        }

        var message = await _turn(request).WaitAsync(cancellationToken);
        return new ChatResponse(message)
        {
            FinishReason = message.AdditionalProperties?[FinishKey] is ChatFinishReason reason ? reason : message.Contents.OfType<FunctionCallContent>().Any() ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            Usage = new UsageDetails { InputTokenCount = 100, OutputTokenCount = 10 },
        };
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}

/// <summary>What a brain was asked.</summary>
internal sealed record BrainRequest(IReadOnlyList<ChatMessage> Messages, ChatOptions Options, Func<string> NextCallId)
{
    /// <summary>How many turns of its own came before.</summary>
    public int Turn => Messages.Count(message => message.Role == ChatRole.Assistant);

    public bool IsRating => Options.ToolMode is RequiredChatToolMode { RequiredFunctionName: RatingTool.Name };

    public string LastText => Messages[^1].Text;

    public IReadOnlyList<FunctionResultContent> LastResults => [.. Messages[^1].Contents.OfType<FunctionResultContent>()];

    /// <summary>The modules and action ids that the rating prompt names.</summary>
    public IReadOnlyList<(string Name, string[] Actions)> Modules
    {
        get
        {
            var prompt = Messages.Last(message => message.Role == ChatRole.User && message.Text.Contains("{\"modules\"", StringComparison.Ordinal)).Text;
            var json = JsonElement.Parse(prompt[prompt.IndexOf("{\"modules\"", StringComparison.Ordinal)..]);
            return [.. json.GetProperty("modules").EnumerateArray().Select(module => (
                module.GetProperty("module").GetString()!,
                module.GetProperty("actions").EnumerateArray().Select(action => action.GetProperty("id").GetString()!).ToArray()))];
        }
    }

    public ChatMessage Calls(params (string Tool, string Arguments)[] calls) => new(ChatRole.Assistant, [.. calls.Select(call =>
        (AIContent)new FunctionCallContent(NextCallId(), call.Tool, JsonElement.Parse(call.Arguments).EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value)))]);

    /// <summary>Every tool call is answered, once, in the next message.</summary>
    public void ShouldBeValid()
    {
        for (var i = 0; i < Messages.Count; i++)
        {
            var asked = Messages[i].Contents.OfType<FunctionCallContent>().Select(call => call.CallId).ToList();
            if (asked.Count > 0)
            {
                Messages[i + 1].Contents.OfType<FunctionResultContent>().Select(result => result.CallId).Should().Equal(asked, "each tool_use needs its result in the next message");
            }
        }
    }
}
