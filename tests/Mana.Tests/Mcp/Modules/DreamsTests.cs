namespace Mana.Tests.Mcp.Modules;

public sealed class DreamsTests
{
    [Fact]
    public async Task A_dream_belongs_to_this_morning_and_symbols_are_counted_per_dream()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var first = (await client.CallAsync("dreams.add", """{"content":"Ich flog über das Meer","symbols":["Wasser","Fliegen","wasser "],"mood":"angenehm","clarity":4}"""))["dream"]!;
        await client.CallAsync("dreams.add", """{"content":"Das alte Haus","symbols":["Haus","WASSER"],"dreamDate":"2026-11-20","isLucid":true}""");
        await client.CallAsync("dreams.add", """{"content":"Lange her","symbols":["wasser"],"dreamDate":"2024-01-01"}""");

        first["dreamDate"]!.GetValue<string>().Should().Be("2026-11-22");
        first["symbols"]!.AsArray().Should().HaveCount(2);
        var counts = await client.CallAsync("dreams.symbols");
        counts.Texts("symbols", "symbol").Should().Equal("Wasser", "Fliegen", "Haus");
        counts["symbols"]![0]!["count"]!.GetValue<int>().Should().Be(2);
        counts["symbols"]![0]!["lastDate"]!.GetValue<string>().Should().Be("2026-11-22");
        counts["dreams"]!.GetValue<int>().Should().Be(2);
        (await client.CallAsync("dreams.symbols", """{"days":3660,"limit":1}"""))["symbols"]![0]!["count"]!.GetValue<int>().Should().Be(3);
    }

    [Fact]
    public async Task Dreams_are_found_by_night_symbol_and_words()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("dreams.add", """{"content":"Meer","symbols":["Wasser"],"dreamDate":"2026-11-10"}"""))["dream"]!["id"]!;
        await client.CallAsync("dreams.add", """{"content":"Haus","people":["Oma"],"isLucid":true,"dreamDate":"2026-11-15T06:00:00+01:00"}""");
        await client.CallAsync("dreams.add", """{"content":"Schule","dreamDate":"2026-11-20"}""");

        (await client.CallAsync("dreams.list")).Texts("dreams", "content").Should().Equal("Schule", "Haus", "Meer");
        (await client.CallAsync("dreams.list", """{"from":"2026-11-10","to":"2026-11-15"}""")).Texts("dreams", "content").Should().Equal("Haus", "Meer");
        (await client.CallAsync("dreams.list", """{"symbol":"wasser"}""")).Texts("dreams", "content").Should().Equal("Meer");
        (await client.CallAsync("dreams.list", """{"lucidOnly":true}""")).Texts("dreams", "content").Should().Equal("Haus");
        (await client.CallAsync("dreams.search", """{"query":"oma"}""")).Texts("dreams", "content").Should().Equal("Haus");
        await client.CallAsync("dreams.update", $$"""{"id":"{{id}}","interpretation":"Fernweh"}""");
        (await client.CallAsync("dreams.search", """{"query":"FERNWEH"}""")).Texts("dreams", "id").Should().Equal(id);
    }
}
