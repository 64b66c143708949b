using System.Text.Json.Serialization;

namespace Lab.Results.Fleet;

/// <summary>What was found in a part of an exploration. Names and words are the explorer's.</summary>
public sealed record ShardResult
{
    /// <summary>Which of the explorations of the plan it is a part of, in the order in which they are told, from 0.</summary>
    [JsonRequired]
    public int Exploration { get; init; }

    /// <summary>Strategy on scenario, or the program with its size.</summary>
    [Name, JsonRequired]
    public string Subject { get; init; } = "";

    /// <summary><c>sc</c> or <c>tso</c>.</summary>
    [Name, JsonRequired]
    public string Model { get; init; } = "";

    /// <summary><c>nothing_found</c>, <c>violated</c> or <c>uncontrollable</c>.</summary>
    [Name, JsonRequired]
    public string Verdict { get; init; } = "";

    [JsonRequired]
    public long Executions { get; init; }

    [JsonRequired]
    public long Cut { get; init; }

    [JsonRequired]
    public long States { get; init; }

    [JsonRequired]
    public long Steps { get; init; }

    [JsonRequired]
    public long Violations { get; init; }

    [JsonRequired]
    public double Seconds { get; init; }

    [JsonRequired]
    public bool Complete { get; init; }

    [JsonRequired]
    public bool EndedEarly { get; init; }

    [JsonRequired]
    public bool LeftOutTurns { get; init; }

    [JsonRequired]
    public string Bound { get; init; } = "";

    public double? Probability { get; init; }

    [JsonRequired]
    public IReadOnlyDictionary<string, long> Outcomes { get; init; } = new Dictionary<string, long>();

    [JsonRequired]
    public IReadOnlyList<ShardFinding> Claims { get; init; } = [];

    public ShardFailure? Failure { get; init; }
}

/// <summary>A promise that is broken.</summary>
public sealed record ShardFinding(string Invariant, string Claim, string What);

/// <summary>A schedule that fails.</summary>
public sealed record ShardFailure(ShardFinding Finding, IReadOnlyList<string> Agents, IReadOnlyList<ShardStep> Steps,
    int Preemptions, string Replay, bool FewestPreemptions, bool FewestSteps);

/// <summary>A step of it.</summary>
public sealed record ShardStep(int Agent, string What, string? At, bool Notable, IReadOnlyList<ShardRoot> Roots);

/// <summary>A root that the step changed.</summary>
public sealed record ShardRoot(string Name, long Count, bool Invalid, string Holders);
