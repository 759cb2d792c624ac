using Mana.Contracts;

namespace Mana.Tests.Contracts;

public sealed class PersonaPasswordTests
{
    [Theory]
    [InlineData("anna", "1FJ7w8KbjK5CWVa8NqfobexAFNuQKxiA")]
    [InlineData("ben", "UQ4j64WupivIkoy7XxwPFgA9cQVKXKsW")]
    [InlineData("marcus", "i9E8u6J3U5TSVx321A4r429iO1TQLRAC")]
    [InlineData("lena", "UQbqSCzqBYCd7dsQprUCrpLQoKyqJOdN")]
    [InlineData("sofia", "pUicmy2b7s7xsbgD2wM57AdpilOFdd1S")]
    [InlineData("tom", "xnZC1H7YrI2ZCI18c1Pwbr2ZLsgixeHr")]
    [InlineData("kai", "7XiAlU3rjTKjFALezKbQeQP23FDSCv6C")]
    [InlineData("julia", "W1cTVSMypTpwPxSG0TfJlFhmb8NC0TvO")]
    [InlineData("paul", "W4qPJnI8KkjukeP36vKAXGugREcTY4SB")]
    [InlineData("maya", "cGqE8D7hwpIKvyjBql7vJAXAvbBlepEZ")]
    public void The_vectors_of_the_wire_contract_hold(string name, string password) =>
        PersonaPassword.Derive($"persona.{name}@mana.test", PersonaPassword.DevelopmentSeedSecret).Should().Be(password);

    [Fact]
    public void Case_and_white_space_of_the_email_count()
    {
        var plain = PersonaPassword.Derive("persona.anna@mana.test", "s");
        PersonaPassword.Derive("Persona.Anna@mana.test", "s").Should().NotBe(plain);
        PersonaPassword.Derive("persona.anna@mana.test ", "s").Should().NotBe(plain);
    }

    [Theory]
    [InlineData("persona.ünï@mana.test", "sécret ✓")]
    [InlineData("x", "y")]
    public void Odd_inputs_give_letters_and_digits_only(string email, string secret) =>
        PersonaPassword.Derive(email, secret).Should().MatchRegex("^[A-Za-z0-9]{25,32}$");

    [Theory]
    [InlineData("", "secret")]
    [InlineData("a@mana.test", "")]
    public void Empty_inputs_are_refused(string email, string secret) =>
        FluentActions.Invoking(() => PersonaPassword.Derive(email, secret)).Should().Throw<ArgumentException>();
}
