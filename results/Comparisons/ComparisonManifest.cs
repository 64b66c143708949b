using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lab.Results.Comparisons;

/// <summary>Where the runs of an arm come from.</summary>
public enum ArmSource
{
    /// <summary>Measured by the comparison itself, block by block.</summary>
    [JsonStringEnumMemberName("strategy")] Strategy,

    /// <summary>A run folder, or a folder of them, measured before.</summary>
    [JsonStringEnumMemberName("folder")] Folder,

    /// <summary>Runs kept under a name.</summary>
    [JsonStringEnumMemberName("baseline")] Baseline,
}

/// <summary>One side of a comparison as it was asked for.</summary>
public sealed record ComparisonArm
{
    /// <summary>Unique in the comparison: <c>workqueue</c>, <c>workqueue#2</c> beside an equal one.</summary>
    [Name]
    public required string Label { get; init; }

    [JsonRequired]
    public ArmSource Source { get; init; }

    /// <summary>Null where the folder tells.</summary>
    public string? Strategy { get; init; }

    /// <summary>Of the folder, or the name of the baseline; null for a measured arm.</summary>
    public string? From { get; init; }

    /// <summary>What <c>lab run</c> is given to measure it once, but for seed and place.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>One run of one arm in a block.</summary>
public sealed record BlockRun
{
    /// <summary>Index of the arm.</summary>
    [JsonRequired]
    public int Arm { get; init; }

    /// <summary>Name of its folder below <c>runs</c>; null if the process left none.</summary>
    public string? Run { get; init; }

    [Between(0, 255), JsonRequired]
    public int ExitCode { get; init; }

    /// <summary>What went wrong, a sentence; null if nothing did.</summary>
    public string? Problem { get; init; }
}

/// <summary>Every measured arm once, in the order they were run.</summary>
public sealed record ComparisonBlock
{
    /// <summary>From 1.</summary>
    [Between(1), JsonRequired]
    public int Number { get; init; }

    [JsonRequired]
    public ulong Seed { get; init; }

    [JsonRequired]
    public IReadOnlyList<BlockRun> Runs { get; init; } = [];
}

/// <summary>What was compared and how far it got: <c>comparison.json</c>. A block counts from the moment it is named
/// here.</summary>
public sealed record ComparisonManifest
{
    public const int NewestSchemaVersion = 1;

    [Between(1, NewestSchemaVersion), JsonRequired]
    public int SchemaVersion { get; init; } = NewestSchemaVersion;

    [Name, JsonRequired]
    public string Id { get; init; } = "";

    [JsonRequired]
    public RunState State { get; init; }

    [JsonRequired]
    public DateTimeOffset StartedUtc { get; init; }

    public DateTimeOffset? FinishedUtc { get; init; }
    public WriterProcess? Process { get; init; }

    [JsonRequired]
    public IReadOnlyList<string> CommandLine { get; init; } = [];

    /// <summary>Of the order inside the blocks; block n measures with seed + n - 1.</summary>
    [JsonRequired]
    public ulong Seed { get; init; }

    [Between(1), JsonRequired]
    public int BlocksAsked { get; init; }

    /// <summary>Smallest relative difference that matters.</summary>
    [Between(0, 1), JsonRequired]
    public double Threshold { get; init; }

    /// <summary>Metrics that decide; empty for the default.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Gated { get; init; } = [];

    /// <summary>Length of the turns in which the arms of a block measure, such as 100ms; null where they measure one after
    /// another.</summary>
    public string? Turns { get; init; }

    /// <summary>In what the arms may differ.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ComparedSubject Subject { get; init; }

    [JsonRequired]
    public IReadOnlyList<ComparisonArm> Arms { get; init; } = [];

    [JsonRequired]
    public IReadOnlyList<ComparisonBlock> Blocks { get; init; } = [];
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true, NewLine = "\n")]
[JsonSerializable(typeof(ComparisonManifest))]
internal sealed partial class ComparisonJson : JsonSerializerContext
{
    /// <summary>Made on first use, as <see cref="RunJson.Plain"/> and for its reason.</summary>
    internal static ComparisonJson Plain => field ??=
        new(new JsonSerializerOptions(Default.Options!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
