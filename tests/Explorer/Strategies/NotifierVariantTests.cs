using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Lab.Strategies;
using Lab.Strategies.Notifier;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Notifiers on the scenarios of their family: what keeps the memslots as they are from a start to its end, and what
/// happens where nothing does (reference 9).</summary>
public class NotifierVariantTests
{
    /// <summary>Too large to be explored to its end here.</summary>
    private const string Large = "two-unmaps-fault";

    public static TheoryData<string, string> SoundOnEach()
    {
        TheoryData<string, string> pairs = [];
        foreach (Member notifier in Catalogue.Notifiers.Where(one => !one.IsBroken && !one.NeedsKernel))
        {
            foreach ((string scenario, string _) in Catalogue.NotifierScenarios.Where(one => one.Name != Large))
            {
                pairs.Add(notifier.Name, scenario);
            }
        }
        return pairs;
    }

    [Theory]
    [MemberData(nameof(SoundOnEach))]
    public void A_sound_notifier_is_explored_to_the_end(string notifier, string scenario) =>
        Strategy.AssertNothing(Explore(notifier, scenario));

    [Theory]
    [InlineData("always-count")]
    [InlineData("slots-rwsem")]
    [InlineData("active-count")]
    public void A_sound_notifier_keeps_faults_out_while_one_of_two_is_open(string notifier)
    {
        ExploreResult result = StrategyExplorer.Explore($"mainline+{notifier}", Strategy.Named($"mainline+{notifier}"),
            Strategy.ScenarioOf(Large), Strategy.Bounded with { PreemptionsMax = 3 }, observer: null,
            TestContext.Current.CancellationToken);
        Assert.True(result.Verdict == Verdict.NothingFound, $"{result.Failure?.Finding}");
    }

    [Theory]
    [InlineData("unstable-slots", "unmap-create", "I23")]
    [InlineData("unstable-slots", "unmap-update", "I23")]
    [InlineData("narrow-sequence", "late-sequence", "livelock")]
    [InlineData("late-snapshot", "fault-beside-notifier", "I24")]
    [InlineData("slots-rwsem-kept", "start-without-end", "deadlock")]
    [InlineData("one-place", "unmap-shared", "I5")]
    public void A_broken_notifier_is_rejected(string notifier, string scenario, string finding) =>
        Strategy.AssertViolated(Explore(notifier, scenario), finding);

    [Fact]
    public void A_start_that_queues_behind_an_updater_closes_a_circle_of_four()
    {
        Failure failure = Strategy.AssertViolated(Explore("slots-rwsem", "notifier-cycle", ("fair", 1)), "deadlock");
        Assert.Contains("first waits for page, held by second", failure.Finding.What, StringComparison.Ordinal);
        Assert.Contains("in line: updater, second", failure.Finding.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("always-count")]
    [InlineData("active-count")]
    public void Nobody_else_queues_there(string notifier) =>
        Strategy.AssertNothing(Explore(notifier, "notifier-cycle", ("fair", 1)));

    /// <summary>What the look without the lock misses is found under it, and what it finds is right.</summary>
    [Theory]
    [InlineData("fault-between-start-and-end")]
    [InlineData("fault-beside-notifier")]
    public void A_fault_may_look_before_it_waits(string scenario)
    {
        Strategy.AssertNothing(Explore("always-count", scenario, ("precheck", 1)));
        Strategy.AssertViolated(Explore("late-snapshot", "fault-beside-notifier", ("precheck", 1)), "I24");
    }

    [Fact]
    public void A_reaper_that_leaves_the_count_to_the_slots_loses_it() =>
        Strategy.AssertViolated(Explore(vm => new HastyReaper(vm), "reap-update"), "I23");

    private static ExploreResult Explore(string notifier, string scenario, params (string Name, long Value)[] values) =>
        StrategyExplorer.Explore($"mainline+{notifier}", Strategy.Named($"mainline+{notifier}"),
            Strategy.ScenarioOf(scenario, values), Strategy.Exhaustive, observer: null, TestContext.Current.CancellationToken);

    private static ExploreResult Explore(Func<Vm<Explored>, MmuNotifier<Explored>> notifier, string scenario) =>
        StrategyExplorer.Explore("mine", Strategy.Named("mainline") with { Notifier = notifier }, Strategy.ScenarioOf(scenario),
            Strategy.Exhaustive, observer: null, TestContext.Current.CancellationToken);

    /// <summary>Takes no semaphore, as it may not sleep, and still looks whether a slot overlaps.</summary>
    private sealed class HastyReaper(Vm<Explored> vm) : SlotsRwsem<Explored>(vm)
    {
        public override void RangeStartNonBlockable(GfnRange range) => StartWhereMapped(range, mayYield: false);

        public override void RangeEndNonBlockable(GfnRange range) => EndWhereMapped(range);
    }
}
