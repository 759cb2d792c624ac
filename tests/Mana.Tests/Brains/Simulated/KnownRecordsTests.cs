using System.Text.Json;
using Mana.PersonaRunner.Brains.Simulated;

namespace Mana.Tests.Brains.Simulated;

public sealed class KnownRecordsTests
{
    [Theory]
    [InlineData("The id of the task, as another tool returned it.", "t1")]
    [InlineData("The id of the project, as another tool returned it.", "p1")]
    [InlineData("The id of a project", "p1")]
    [InlineData("The id of the invoice, as another tool returned it.")]
    [InlineData("An id.", "t1", "p1")]
    public void In_a_module_of_tasks_and_projects_the_description_says_whose_id_is_wanted(string description, params string[] ids)
    {
        var known = new KnownRecords();
        known.Learn("todo", JsonElement.Parse("""{"tasks":[{"id":"t1","title":"Milk"}]}"""));
        known.Learn("todo", JsonElement.Parse("""{"project":{"id":"p1","name":"Move"}}"""));

        known.For("todo", "id", RecordIds.Noun(description)).Select(record => record.Key).Should().Equal(ids);
    }

    [Fact]
    public void Where_the_product_does_not_name_its_records_the_description_decides_nothing()
    {
        var known = new KnownRecords();
        known.Learn("todo", JsonElement.Parse("""[{"id":"t1"}]"""));

        known.For("todo", "id", RecordIds.Noun("The id of the task")).Select(record => record.Key).Should().Equal("t1");
    }

    [Fact]
    public void A_record_of_two_words_is_found_by_the_last_one()
    {
        var known = new KnownRecords();
        known.Learn("journal", JsonElement.Parse("""{"entry":{"id":"e1"}}"""));

        known.For("journal", "id", RecordIds.Noun("The id of the journal entry, as another tool returned it.")).Should().ContainSingle();
    }
}
