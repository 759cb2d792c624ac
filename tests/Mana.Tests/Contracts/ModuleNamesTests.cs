using Mana.Contracts;

namespace Mana.Tests.Contracts;

public sealed class ModuleNamesTests
{
    [Theory]
    [InlineData("todo.create", "todo")]
    [InlineData("news-research.find.more", "news-research")]
    [InlineData("echo", "echo")]
    [InlineData(".odd", ".odd")]
    public void The_module_is_the_part_before_the_first_dot(string tool, string module) => ModuleNames.OfTool(tool).Should().Be(module);

    [Theory]
    [InlineData("newsResearch", "news-research")]
    [InlineData("news_research", "news-research")]
    [InlineData("News-Research", "news-research")]
    [InlineData("news research", "news-research")]
    [InlineData("news-research", "news-research")]
    [InlineData("todo", "todo")]
    public void Spellings_of_a_module_are_one(string name, string normalised) => ModuleNames.Normalise(name).Should().Be(normalised);
}
