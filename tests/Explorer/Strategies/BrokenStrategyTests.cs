using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Every strategy that the reference calls broken is rejected, for the reason that it gives (section 12).</summary>
public sealed class BrokenStrategyTests
{
    public static TheoryData<string, string, string> Rejections => new()
    {
        { "async-put", "fast-zap-toggle", "I1" },
        { "xchg-put", "fast-zap-toggle", "I1" },
        { "xchg-draft", "gift-put-readers", "I1" },
        { "off-list", "fast-zap-unmap", "I4" },
        { "no-flush", "fast-zap-reload", "I6" },
        { "requeue", "fast-zap-put", "I10" },
        { "refcount2-first", "destroy", "I3" },
        { "early-return", "fast-zap-reload", "I6" },
        { "slot-zap-no-flush", "touch-deleted", "I21" },
    };

    [Theory]
    [MemberData(nameof(Rejections))]
    public void It_is_rejected_by_the_schedule_with_the_fewest_preemptions_and_that_replays(
        string strategy, string scenario, string invariant)
    {
        ExploreResult result = Strategy.Explore(strategy, scenario, Strategy.Bounded);
        Failure failure = Strategy.AssertViolated(result, invariant);
        Assert.True(failure.HasFewestPreemptions);
        Assert.Equal($"at most {failure.Preemptions} preemption{(failure.Preemptions == 1 ? "" : "s")}", result.Bound);

        ExploreResult replayed = Strategy.Replay(strategy, scenario, failure.Replay);
        Failure again = Strategy.AssertViolated(replayed, invariant);
        Assert.Equal((failure.Finding, failure.Preemptions, failure.Replay, 1),
            (again.Finding, again.Preemptions, again.Replay, replayed.Executions));
        Assert.Equal(failure.Steps.Select(step => (step.Agent, step.What, step.Location)),
            again.Steps.Select(step => (step.Agent, step.What, step.Location)));
    }

    /// <summary>The exhaustive search finds what the bounded one does, and looks for the smallest schedule afterwards.</summary>
    [Theory]
    [InlineData("async-put", "fast-zap-toggle", "I1")]
    [InlineData("requeue", "fast-zap-put", "I10")]
    [InlineData("refcount2-first", "destroy", "I3")]
    public void Searched_exhaustively_it_is_rejected_with_the_same_preemptions(string strategy, string scenario, string invariant)
    {
        Failure found = Strategy.AssertViolated(Strategy.Explore(strategy, scenario, Strategy.Exhaustive), invariant);
        Assert.True(found.HasFewestPreemptions);
        Assert.Equal(Strategy.Explore(strategy, scenario, Strategy.Bounded).Failure!.Preemptions, found.Preemptions);
    }

    /// <summary>I-b of reference 5.2: the readers skip invalid roots, and the reference is lost all the same.</summary>
    [Fact]
    public void The_draft_loses_the_reference_of_a_reader_that_saw_the_root_valid()
    {
        Failure failure = Strategy.AssertViolated(Strategy.Explore("xchg-draft", "last-put-readers", Strategy.Bounded), "I1");
        Assert.True(failure.HasFewestPreemptions);
        // The one who loses it got it after the putter had zapped the root, from a count of one.
        int get = LastIndex(failure, "get A 1→2"), forced = LastIndex(failure, "set count of A 2→0");
        Assert.InRange(get, 0, forced - 1);
        Assert.NotEqual(failure.Agents[failure.Steps[get].Agent], failure.Agents[failure.Steps[forced].Agent]);
        Assert.InRange(FirstIndex(failure, "invalidate A"), 0, get);
    }

    [Fact]
    public void What_the_scenarios_say_they_reject_is_tested_here()
    {
        IEnumerable<(string Strategy, string Scenario)> said = Catalogue.RootScenarios.SelectMany(
            one => Strategy.ScenarioOf(one.Name).Rejects.Select(strategy => (Strategy: strategy, Scenario: one.Name)));
        IEnumerable<(string, string)> tested =
            [.. Rejections.Select(row => (row.Data.Item1, row.Data.Item2)), ("xchg-draft", "last-put-readers")];
        Assert.Equal(said.Order(), tested.Order());
    }

    /// <summary>Reference 3.3, step by step: F1, V1, V2, V3, F2, and the gift that is somebody else's.</summary>
    [Fact]
    public void The_double_put_of_async_put_is_told_as_in_the_reference()
    {
        Failure failure = Strategy.AssertViolated(Strategy.Explore("async-put", "fast-zap-toggle", Strategy.Bounded), "I1");
        Assert.InRange(failure.Preemptions, 0, 2);
        (string Agent, string What)[] story =
        [
            ("zapper", "get A 1→2"), ("zapper", "invalidate A"), ("vcpu0", "put A 2→1"), ("vcpu0", "set count of B 0→1"),
            ("vcpu0", "put B 1→0"), ("vcpu0", "invalidate B"),
            ("vcpu0", "set count of B 0→1"), ("vcpu0", "queue B"), ("zapper", "get B 1→2"), ("zapper", "put B 2→1"),
            ("zapper", "put B 1→0"),
        ];
        int at = -1;
        foreach ((string agent, string what) in story)
        {
            int found = at + 1;
            while (found < failure.Steps.Count
                && (failure.Agents[failure.Steps[found].Agent] != agent || failure.Steps[found].What != what))
            {
                found++;
            }
            Assert.True(found < failure.Steps.Count, $"'{what}' by {agent} is not behind step {at + 1} "
                + $"of:\n{string.Join('\n', failure.Steps.Select(step => $"{failure.Agents[step.Agent]}: {step.What}"))}");
            at = found;
        }
        Assert.Contains("zapper puts root B (1→0) without holding a reference to it", failure.Finding.What,
            StringComparison.Ordinal);
        Assert.Contains("the item on the queue", failure.Finding.What, StringComparison.Ordinal);
        Assert.Equal("put B 1→0", failure.Steps[^1].What);
        // The books agree with the counts after each step.
        Assert.Contains(failure.Steps, step => step.Roots.Contains(new RootView("B", 1, true, "item")));
        Assert.Contains(failure.Steps, step => step.Roots.Contains(new RootView("B", 2, true, "zapper, item")));
        Assert.Contains(failure.Steps,
            step => step.What == "put B 1→0" && step.Location is { } place && place.Contains(".cs:", StringComparison.Ordinal));
    }

    /// <summary>Reference 3.4, item 1: with the two sections glued head insertion hides it, with tail insertion it is
    /// back.</summary>
    [Fact]
    public void Glued_sections_hide_the_double_put_behind_head_insertion_but_not_behind_tail_insertion()
    {
        Strategy.AssertNothing(Strategy.Explore("async-put", "fast-zap-toggle", Strategy.Exhaustive with { GlueFastZap = true }));
        StrategySettings tail = Strategy.Bounded with { GlueFastZap = true, InsertAtTail = true };
        Failure failure = Strategy.AssertViolated(Strategy.Explore("async-put", "fast-zap-toggle", tail), "I1");
        Assert.Contains(",glue,tail:", failure.Replay, StringComparison.Ordinal);
        Assert.Equal(failure.Finding, Strategy.Replay("async-put", "fast-zap-toggle", failure.Replay).Failure!.Finding);
    }

    private static int FirstIndex(Failure failure, string what) => failure.Steps.TakeWhile(step => step.What != what).Count();

    private static int LastIndex(Failure failure, string what) =>
        failure.Steps.Count - 1 - failure.Steps.Reverse().TakeWhile(step => step.What != what).Count();
}
