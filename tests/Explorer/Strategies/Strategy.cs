using Lab.Explorer;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Lab.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Strategies of the catalogue and of the tests, explored until the test is cancelled.</summary>
internal static class Strategy
{
    /// <summary>Enough for any exploration here to end by itself, on a busy machine too.</summary>
    private static readonly TimeSpan Plenty = TimeSpan.FromMinutes(10);

    public static StrategySettings Exhaustive { get; } = new() { Budget = Plenty };

    public static StrategySettings Bounded { get; } = new() { Budget = Plenty, Search = StrategySearch.Bounded };

    public static ExploreResult Explore(string strategy, string scenario, StrategySettings settings) =>
        StrategyExplorer.Explore(strategy, Named(strategy), ScenarioOf(scenario), settings, observer: null,
            TestContext.Current.CancellationToken);

    /// <summary>A strategy of a test, on a scenario by name or by text.</summary>
    public static ExploreResult Explore(
        Func<Vm<Explored>, RootStrategy<Explored>> strategy, string scenario, StrategySettings settings) =>
        StrategyExplorer.Explore("mine", With(strategy), ScenarioOf(scenario), settings, observer: null,
            TestContext.Current.CancellationToken);

    public static ExploreResult Replay(string strategy, string scenario, string schedule) =>
        StrategyExplorer.Replay(strategy, Named(strategy), ScenarioOf(scenario), schedule, TestContext.Current.CancellationToken);

    public static StrategyProgram Program(string strategy, string scenario, int cpu) =>
        new(Named(strategy), ScenarioOf(scenario), Exhaustive, cpu);

    /// <summary>Of the catalogue if it has one of that name; otherwise the argument is the text.</summary>
    public static Scenario ScenarioOf(string nameOrText, params (string Name, long Value)[] values)
    {
        (string name, string text) = Family.All.SelectMany(Catalogue.ScenariosOf).FirstOrDefault(one => one.Name == nameOrText,
            (Name: "mine", Text: nameOrText));
        return ScenarioText.Parse(name, text, values.ToDictionary(one => one.Name, one => one.Value));
    }

    public static VmDesign<Explored> Named(string subject) => Catalogue.Named(subject).Design<Explored>();

    /// <summary>Roots of a test, and around them what is the default.</summary>
    public static VmDesign<Explored> With(Func<Vm<Explored>, RootStrategy<Explored>> roots) =>
        Named("mainline") with { Roots = roots };

    public static Failure AssertViolated(ExploreResult result, string invariant)
    {
        Assert.True(result.Verdict == Verdict.Violated, $"{result.Verdict}, {result.Bound}, {result.Failure?.Finding}");
        Assert.Equal(invariant, result.Failure!.Finding.Invariant);
        Assert.False(result.IsComplete);
        return result.Failure;
    }

    public static Failure AssertUncontrollable(ExploreResult result, string invariant)
    {
        Assert.True(result.Verdict == Verdict.Uncontrollable, $"{result.Verdict}, {result.Bound}, {result.Failure?.Finding}");
        Assert.Equal(invariant, result.Failure!.Finding.Invariant);
        Assert.False(result.IsComplete);
        return result.Failure;
    }

    public static void AssertNothing(ExploreResult result)
    {
        Assert.True(result.Verdict == Verdict.NothingFound, $"{result.Verdict}: {result.Failure?.Finding}");
        Assert.True(result.IsComplete, result.Bound);
        Assert.Null(result.Failure);
    }
}
