using Lab.Explorer;
using Lab.Explorer.Programs;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Strategies;
using Lab.Strategies;

namespace Lab.Application.Exploring;

/// <summary>What <c>lab explore</c> prints.</summary>
public enum ExploreFormat
{
    Text,
    Json,
    Markdown,
}

/// <summary>A program to explore instead of strategies.</summary>
public sealed record ProgramRequest(ClassicProgram Program, int Size, ExploreSettings Settings);

/// <summary>A strategy and the scenarios to explore it on, in order.</summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Scenarios">Read with the parameters asked for.</param>
/// <param name="Search">How.</param>
/// <param name="StopsAtViolation">The scenarios are a search for one that fails, not a list that was asked for.</param>
public sealed record StrategyPlan(
    Subject Strategy, IReadOnlyList<Scenario> Scenarios, StrategySearch Search, bool StopsAtViolation)
{
    /// <summary>Where a load could overtake a store the scenario is explored with store buffers, too.</summary>
    public bool AddsTso { get; init; }
}

/// <summary>Everything that one <c>lab explore</c> was asked. Either <see cref="Program"/>,
/// <see cref="Litmus"/>, or <see cref="Plans"/>.</summary>
public sealed record ExploreRequest
{
    public ProgramRequest? Program { get; init; }

    public LitmusRequest? Litmus { get; init; }

    public IReadOnlyList<StrategyPlan> Plans { get; init; } = [];

    /// <summary>For all plans; each plan has its own search.</summary>
    public StrategySettings Settings { get; init; } = new();

    /// <summary>A recorded schedule to run instead of a search; there is one plan with one scenario then.</summary>
    public string? Replay { get; init; }

    public ExploreFormat Format { get; init; }

    /// <summary>Print reads and other steps that change nothing, too.</summary>
    public bool AllSteps { get; init; }

    public IReadOnlyList<string> Plugins { get; init; } = [];

    /// <summary>Scenarios of the user's own, as he typed them: who replays must name them again.</summary>
    public IReadOnlyList<string> ScenarioFiles { get; init; } = [];
}

/// <summary>One strategy explored on one scenario.</summary>
public sealed record Exploration(
    Subject Strategy, Scenario Scenario, StrategySettings Settings, bool IsReplay, ExploreResult Result);
