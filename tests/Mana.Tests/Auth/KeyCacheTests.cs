using LinqToDB;
using Mana.Auth;
using Mana.Auth.Keys;
using Mana.Auth.Storage;
using Mana.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mana.Tests.Auth;

/// <summary>The published keys are answered from memory, and yet no token is signed with a key that some node does not show.</summary>
public sealed class KeyCacheTests
{
    [Fact]
    public async Task The_published_keys_come_from_memory()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var before = await PublishedAsync(auth);
        await auth.Database.WriteAsync((db, ct) => db.GetTable<KeyRow>().DeleteAsync(ct), AuthUnderTest.Cancellation);
        (await PublishedAsync(auth)).Should().Equal(before);
    }

    [Fact]
    public async Task A_rotation_by_another_node_shows_within_a_minute_and_before_the_new_key_signs()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        using var protection = new KeyProtection(AuthSettings.DevelopmentSecret);
        using var other = new SigningKeys(
            auth.Database, protection, auth.Services.GetRequiredService<DomainClock>(), NullLogger<SigningKeys>.Instance);
        var first = (await PublishedAsync(auth)).Should().ContainSingle().Subject;
        auth.Clock.Advance(TimeSpan.FromHours(1));
        await PublishedAsync(auth);

        var second = (await other.RotateAsync(AuthUnderTest.Cancellation)).Id;
        var rotatedAt = auth.Clock.GetUtcNow();
        for (var seconds = 0; seconds <= 120; seconds++)
        {
            auth.Clock.SetUtcNow(rotatedAt.AddSeconds(seconds));
            var signing = (await other.CurrentAsync(AuthUnderTest.Cancellation)).KeyId;
            var published = await PublishedAsync(auth);
            published.Should().Contain(signing, "whoever checks a token may ask either node");
            signing.Should().Be(seconds < 60 ? first : signing);
            if (seconds >= 60)
            {
                published.Should().BeEquivalentTo([second, first]);
            }
        }

        (await other.CurrentAsync(AuthUnderTest.Cancellation)).KeyId.Should().Be(second);
        (await auth.Services.GetRequiredService<SigningKeys>().CurrentAsync(AuthUnderTest.Cancellation)).KeyId.Should().Be(second);
    }

    [Fact]
    public async Task The_node_that_rotates_shows_the_new_key_at_once()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        await auth.AdminTokenAsync();
        auth.Clock.Advance(TimeSpan.FromSeconds(10));
        var kid = (await auth.AdminAsync(HttpMethod.Post, "/api/v1/admin/keys/rotate")).Json.GetProperty("kid").GetString();
        (await PublishedAsync(auth)).Should().HaveCount(2).And.Contain(kid);
    }

    private static async Task<IReadOnlyList<string?>> PublishedAsync(AuthUnderTest auth) =>
        [.. (await auth.SendAsync(HttpMethod.Get, "/api/auth/jwks")).Json.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString())];
}
