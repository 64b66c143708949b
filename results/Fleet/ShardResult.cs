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

    /// <summary>For a part of a strategy's search; null for what is put together by its counts.</summary>
    public ShardPart? Part { get; init; }
}

/// <summary>What a part of a strategy's search is put together with others by. Its states are beside, in files of the
/// unit.</summary>
public sealed record ShardPart
{
    /// <summary>From 1, in the order of the search.</summary>
    [Between(1), JsonRequired]
    public int Number { get; init; }

    [Between(1), JsonRequired]
    public int Count { get; init; }

    /// <summary>Short name of what was known when it began; states of parts with different ones are not put together.</summary>
    [Name, JsonRequired]
    public string Model { get; init; } = "";

    /// <summary>Of the plan's knowledge that it began with; empty for none.</summary>
    [JsonRequired]
    public string Began { get; init; } = "";

    /// <summary>It ended because it learnt something that all parts have to know.</summary>
    [JsonRequired]
    public bool Void { get; init; }

    public required ShardLearnt Learnt { get; init; }
}

/// <summary>What parts of a search have taught about a program: <c>learnt/EXPLORATION.json</c>, and in a part's result.</summary>
public sealed record ShardLearnt
{
    /// <summary>Short name of all of it that states depend on.</summary>
    [Name, JsonRequired]
    public string Model { get; init; } = "";

    /// <summary>In the order of their numbers; so are the rest.</summary>
    [JsonRequired]
    public IReadOnlyList<ShardWord> Words { get; init; } = [];

    [JsonRequired]
    public IReadOnlyList<string> Locks { get; init; } = [];

    [JsonRequired]
    public IReadOnlyList<string> Domains { get; init; } = [];

    [JsonRequired]
    public IReadOnlyList<string> Queues { get; init; } = [];

    /// <summary>Hexadecimal addresses.</summary>
    [JsonRequired]
    public IReadOnlyList<string> SleptOn { get; init; } = [];

    [JsonRequired]
    public bool OrdersAllLocks { get; init; }
}

/// <summary>A word of a program. Address and masks are hexadecimal.</summary>
public sealed record ShardWord(string Address, string Agents, bool Written, bool Shared, string ReadLocks, string WriteLocks);

/// <summary>A promise that is broken.</summary>
public sealed record ShardFinding(string Invariant, string Claim, string What);

/// <summary>A schedule that fails.</summary>
public sealed record ShardFailure(ShardFinding Finding, IReadOnlyList<string> Agents, IReadOnlyList<ShardStep> Steps,
    int Preemptions, string Replay, bool FewestPreemptions, bool FewestSteps);

/// <summary>A step of it.</summary>
public sealed record ShardStep(int Agent, string What, string? At, bool Notable, IReadOnlyList<ShardRoot> Roots);

/// <summary>A root that the step changed.</summary>
public sealed record ShardRoot(string Name, long Count, bool Invalid, string Holders);
