using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lab.Results.Comparisons;

namespace Lab.Results.Fleet;

/// <summary>What the units of a plan are.</summary>
public enum UnitKind
{
    /// <summary>A comparison's block: every arm once, on one machine.</summary>
    [JsonStringEnumMemberName("block")] Block,

    /// <summary>One repetition of a <c>lab run</c>.</summary>
    [JsonStringEnumMemberName("run")] Run,

    /// <summary>A part of an exploration.</summary>
    [JsonStringEnumMemberName("shard")] Shard,
}

/// <summary>What is to be done, cut into units that any machine can do by itself: <c>plan.json</c>. It is written last: without
/// it there is no plan.</summary>
public sealed record FleetPlan
{
    public const int NewestSchemaVersion = 1;

    [Between(1, NewestSchemaVersion), JsonRequired]
    public int SchemaVersion { get; init; } = NewestSchemaVersion;

    [Name, JsonRequired]
    public string Id { get; init; } = "";

    [JsonRequired]
    public UnitKind Kind { get; init; }

    [JsonRequired]
    public DateTimeOffset CreatedUtc { get; init; }

    [JsonRequired]
    public IReadOnlyList<string> CommandLine { get; init; } = [];

    /// <summary>Of the program that planned, and that has to do the units: another one counts other executions.</summary>
    [Name, JsonRequired]
    public string Build { get; init; } = "";

    [Commit]
    public string? GitCommit { get; init; }

    /// <summary>After so long a unit is ended.</summary>
    [Between(1), JsonRequired]
    public int TimeoutS { get; init; }

    /// <summary>Measure where the doctor finds something bad, too.</summary>
    [JsonRequired]
    public bool Unfit { get; init; }

    /// <summary>What the blocks are of; null for other plans.</summary>
    public ComparisonManifest? Comparison { get; init; }

    /// <summary>Of a comparison: exit with 6 if it stays open.</summary>
    [JsonRequired]
    public bool Gate { get; init; }

    /// <summary>Exit with 5 if a run was contaminated.</summary>
    [JsonRequired]
    public bool Strict { get; init; }

    /// <summary>Of a comparison: with arms that were measured on other machines, too.</summary>
    public bool Anyway { get; init; }

    /// <summary>Options of the verb that the units are of, each followed by its value; empty for blocks.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>SHA-256 of each unit's file, in their order.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Units { get; init; } = [];
}

/// <summary>One piece of work: <c>units/NUMBER.json</c>.</summary>
public sealed record FleetUnit
{
    [Between(1, FleetPlan.NewestSchemaVersion), JsonRequired]
    public int SchemaVersion { get; init; } = FleetPlan.NewestSchemaVersion;

    /// <summary>Id of the plan.</summary>
    [Name, JsonRequired]
    public string Plan { get; init; } = "";

    /// <summary>From 1.</summary>
    [Between(1), JsonRequired]
    public int Number { get; init; }

    [JsonRequired]
    public UnitKind Kind { get; init; }

    /// <summary>Of a comparison's block, its number; else 0.</summary>
    [JsonRequired]
    public int Block { get; init; }

    [JsonRequired]
    public ulong Seed { get; init; }

    /// <summary>What <c>lab run</c> or <c>lab explore</c> is given, each option followed by its value; empty for a block, whose
    /// arms the plan has.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Files that it reads, by path, with their SHA-256.</summary>
    [JsonRequired]
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();

    /// <summary>What a machine must have: <c>kvm</c>.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>The scheduler's name for machines that may do it; null for any.</summary>
    public string? Constraint { get; init; }
}

/// <summary>Who did a unit.</summary>
public sealed record FleetMachine
{
    [Name, JsonRequired]
    public string Host { get; init; } = "";

    /// <summary>Short name of all that numbers depend on; numbers of different classes are never put together.</summary>
    [Name, JsonRequired]
    public string Class { get; init; } = "";

    public required MachineFacts Facts { get; init; }

    /// <summary>As the processor tells it; empty where it does not.</summary>
    [JsonRequired]
    public string Microcode { get; init; } = "";

    [JsonRequired]
    public string BootId { get; init; } = "";
}

/// <summary>How a unit ended: <c>result.json</c>. It is in a unit's folder, which appears whole or not at all, or in that of a
/// failed attempt.</summary>
public sealed record UnitResult
{
    [Between(1, FleetPlan.NewestSchemaVersion), JsonRequired]
    public int SchemaVersion { get; init; } = FleetPlan.NewestSchemaVersion;

    [Name, JsonRequired]
    public string Plan { get; init; } = "";

    [Between(1), JsonRequired]
    public int Unit { get; init; }

    /// <summary>SHA-256 of the unit's file that was done.</summary>
    [Name, JsonRequired]
    public string Asked { get; init; } = "";

    /// <summary>As the verb by itself would have ended.</summary>
    [Between(0, 255), JsonRequired]
    public int ExitCode { get; init; }

    /// <summary>Why there is no answer, a sentence; null if there is one.</summary>
    public string? Problem { get; init; }

    [JsonRequired]
    public DateTimeOffset StartedUtc { get; init; }

    [JsonRequired]
    public DateTimeOffset FinishedUtc { get; init; }

    /// <summary>What took the unit's own work.</summary>
    [JsonRequired]
    public double Seconds { get; init; }

    public required FleetMachine Machine { get; init; }

    /// <summary>What the doctor found bad before it began; empty for a fit machine.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Unfit { get; init; } = [];

    /// <summary>The scheduler's name for the job; empty without one.</summary>
    [JsonRequired]
    public string Job { get; init; } = "";

    /// <summary>How often the scheduler began it again.</summary>
    [JsonRequired]
    public int Restarts { get; init; }

    /// <summary>For a block.</summary>
    public ComparisonBlock? Block { get; init; }

    /// <summary>For a run: the name of its folder below <c>runs</c>.</summary>
    public string? Run { get; init; }

    /// <summary>For a shard.</summary>
    public IReadOnlyList<ShardResult>? Explored { get; init; }

    /// <summary>Every other file of the folder, by path, with its SHA-256.</summary>
    [JsonRequired]
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();
}

/// <summary>A machine's own record: <c>hosts/NAME.json</c>.</summary>
public sealed record HostRecord
{
    [Name, JsonRequired]
    public string Host { get; init; } = "";

    /// <summary>How often in a row the doctor found it unfit.</summary>
    [JsonRequired]
    public int UnfitInRow { get; init; }

    /// <summary>What was bad.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Why { get; init; } = [];
}

/// <summary>Who has begun a unit: <c>claim.json</c> in the folder of the attempt.</summary>
public sealed record UnitClaim
{
    [Name, JsonRequired]
    public string Host { get; init; } = "";

    [JsonRequired]
    public DateTimeOffset StartedUtc { get; init; }

    public required WriterProcess Process { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true, RespectNullableAnnotations = true, NewLine = "\n")]
[JsonSerializable(typeof(FleetPlan))]
[JsonSerializable(typeof(FleetUnit))]
[JsonSerializable(typeof(UnitResult))]
[JsonSerializable(typeof(HostRecord))]
[JsonSerializable(typeof(UnitClaim))]
[JsonSerializable(typeof(ShardLearnt))]
internal sealed partial class FleetJson : JsonSerializerContext
{
    /// <summary>Made on first use, as <see cref="RunJson.Plain"/> and for its reason.</summary>
    internal static FleetJson Plain => field ??=
        new(new JsonSerializerOptions(Default.Options!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
