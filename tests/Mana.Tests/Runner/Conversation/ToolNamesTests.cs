using System.Text.RegularExpressions;
using CsCheck;
using Mana.PersonaRunner.Conversation;

namespace Mana.Tests.Runner.Conversation;

public sealed partial class ToolNamesTests
{
    [Fact]
    public void A_dot_becomes_an_underscore_and_comes_back()
    {
        var names = new ToolNames(["todo.create", "notes.search"]);
        names.ToModel("todo.create").Should().Be("todo_create");
        names.ToMcp("todo_create").Should().Be("todo.create");
        names.ToMcp("todo_delete").Should().BeNull();
    }

    [Fact]
    public void Names_that_would_collide_are_told_apart()
    {
        var names = new ToolNames(["a.b", "a_b", "A.b", "rate.modules", new string('x', 100)]);
        new[] { "a.b", "a_b", "A.b", "rate.modules", new string('x', 100) }.Select(names.ToModel).Should().OnlyHaveUniqueItems();
        names.ToModel("rate.modules").Should().NotBe(RatingTool.Name, "that name is the rating's");
    }

    [Fact]
    public void Every_set_of_names_maps_to_valid_names_and_back() =>
        Gen.String[Gen.Char["abAB01._-/ äß€"], 1, 80].List[0, 40].Sample(mcpNames =>
        {
            var names = new ToolNames(mcpNames);
            var models = mcpNames.Distinct().ToDictionary(name => name, names.ToModel);
            models.Values.Should().OnlyHaveUniqueItems();
            foreach (var (mcp, model) in models)
            {
                ValidName().IsMatch(model).Should().BeTrue("{0} is sent to the model", model);
                names.ToMcp(model).Should().Be(mcp);
            }
        });

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$")]
    private static partial Regex ValidName();
}
