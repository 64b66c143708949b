using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Explorer.Strategies;
using Lab.Explorer;
using Lab.Report.Documents;
using Lab.Report.Explorations;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>An exploration that ends early says how far it got, and is not taken for a complete one.</summary>
public sealed class BudgetTests
{
    private const string Subject = "defunct-flag";
    private const string Big = "two-fast-zaps-dirty-log";

    [Theory]
    [InlineData(StrategySearch.Exhaustive, "not all schedules: stopped after ")]
    [InlineData(StrategySearch.Bounded, "; stopped in the next, because ")]
    public void A_budget_is_kept_and_how_far_it_got_is_said(StrategySearch search, string far)
    {
        ExploreResult result =
            Strategy.Explore(Subject, Big, new StrategySettings { Search = search, Budget = TimeSpan.FromSeconds(1) });
        Assert.Equal((Verdict.NothingFound, false), (result.Verdict, result.IsComplete));
        Assert.InRange(result.Seconds, 1, 4);
        Assert.InRange(result.States, 1, long.MaxValue);
        Assert.Contains(far, result.Bound, StringComparison.Ordinal);
        Assert.EndsWith("the budget of 1 s ended", result.Bound, StringComparison.Ordinal);
        AssertNeverCalledSound(result);
    }

    [Fact]
    public void A_number_of_executions_is_kept_and_said()
    {
        ExploreResult result = Strategy.Explore(Subject, Big, new StrategySettings { ExecutionsMax = 2 });
        Assert.Equal((2, false), (result.Executions, result.IsComplete));
        Assert.EndsWith("the number of executions asked for was reached", result.Bound, StringComparison.Ordinal);
        AssertNeverCalledSound(result);
    }

    [Fact]
    public void An_exploration_that_is_cancelled_ends_with_what_it_has()
    {
        using CancellationTokenSource cancellation = new();
        ExploreResult result = StrategyExplorer.Explore(
            Subject, Strategy.Named(Subject), Strategy.ScenarioOf(Big), new StrategySettings(), _ => cancellation.Cancel(),
            cancellation.Token);
        Assert.Equal((Verdict.NothingFound, false), (result.Verdict, result.IsComplete));
        Assert.EndsWith("it was interrupted", result.Bound, StringComparison.Ordinal);
        AssertNeverCalledSound(result);
    }

    private static void AssertNeverCalledSound(ExploreResult result)
    {
        LabCatalogue catalogue = new();
        Exploration one = new(catalogue.Strategies.First(entry => entry.Name == Subject), catalogue.Scenario(Big),
            new StrategySettings(), IsReplay: false, result);
        using StringWriter text = new();
        new TerminalWriter(text).Write(new ExploreReport(new ExploreRequest()).Strategy(one));
        string headline = string.Join(' ', text.ToString().Split('\n').Select(line => line.Trim()));
        Assert.Contains($"nothing found so far, INCOMPLETE (bound: {result.Bound})", headline, StringComparison.Ordinal);
        ExplorationJson json = ExploreJson.Of(one);
        Assert.Equal((false, result.Bound), (json.Complete, json.Bound));
    }
}
