using LinqToDB.Mapping;

namespace Mana.Auth.Storage;

[Table("tool_policies")]
internal sealed class ToolPolicyRow
{
    [PrimaryKey, Column("user_id")]
    public string UserId { get; set; } = "";

    /// <summary>A JSON array of patterns.</summary>
    [Column("allow_destructive")]
    public string AllowDestructive { get; set; } = "[]";

    [Column("updated_at")]
    public DateTimeOffset UpdatedAt { get; set; }
}
