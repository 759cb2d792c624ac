using System.Text.Json;
using Mana.PersonaRunner.Conversation;

namespace Mana.Tests.Runner.Conversation;

/// <summary>The expected texts and hashes were printed by Node.js: JSON.stringify(JSON.parse(text)) and its SHA-256.</summary>
public sealed class InputHashTests
{
    public static TheoryData<string, string, string> Vectors => new()
    {
        { "{}", "{}", "44136fa355b3678a" },
        { "{\"title\":\"Milch kaufen\",\"dueDate\":null}", "{\"title\":\"Milch kaufen\",\"dueDate\":null}", "8d85e953df59a429" },
        { "{\"b\":1,\"2\":\"x\",\"1\":true,\"a\":[1.0,-0,1e21,1e-7,0.000001,123456789012345680000,1.5e300,5e-324,0.1,100]}", "{\"1\":true,\"2\":\"x\",\"b\":1,\"a\":[1,0,1e+21,1e-7,0.000001,123456789012345680000,1.5e+300,5e-324,0.1,100]}", "6061165e570e868b" },
        { "{\"t\":\"\\u00e4\\u2028\\ud800x\\u0007\\\"\\\\/<>&\\n\\ud83d\\ude00\\u007f\"}", "{\"t\":\"\u00e4\u2028\\ud800x\\u0007\\\"\\\\/<>&\\n\ud83d\ude00\u007f\"}", "331c5340218ec870" },
        { "{\"a\":1,\"a\":2,\"01\":3,\"4294967295\":4,\"4294967294\":5}", "{\"4294967294\":5,\"a\":2,\"01\":3,\"4294967295\":4}", "6d5053655f71770b" },
        { "{\"n\":[9007199254740993,1.7976931348623157e308,123e-20,0.00001234,12345678901234567890.5]}", "{\"n\":[9007199254740992,1.7976931348623157e+308,1.23e-18,0.00001234,12345678901234567000]}", "35ea20acdac5867b" },
        { " [ 1 , { \"x\" : [ ] } ] ", "[1,{\"x\":[]}]", "b8858dad77b10c9c" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void It_hashes_what_JSON_stringify_gives(string input, string text, string hash)
    {
        var element = JsonElement.Parse(input);
        InputHash.Stringify(element).Should().Be(text);
        InputHash.Of(element).Should().Be(hash);
    }

    [Fact]
    public void No_arguments_have_the_hash_of_the_wire_contract() =>
        InputHash.Of(JsonElement.Parse("{}")).Should().Be("44136fa355b3678a");
}
