using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Harvests of the dirty log: right beside writes, and each part of what makes them so left out once.</summary>
public sealed class DirtyLogTests
{
    private const string Story = "collect-write";

    /// <summary>A fault that marks while the harvest is under way, on a page that nobody could write before.</summary>
    private const string FirstWrite =
        "slot main 0 + 1\nbefore updater: flags main dirty\nbefore vcpu0: touch 0\nthread collector: collect main\n"
            + "thread vcpu0: write 0\nend destroy\n";

    public static TheoryData<string> Sound => [.. StrategyFixture.Sound];

    [Theory]
    [MemberData(nameof(Sound))]
    public void A_page_that_may_be_written_is_in_the_log(string strategy)
    {
        Strategy.AssertNothing(Strategy.Explore(strategy, Story, Strategy.Exhaustive));
        Strategy.AssertNothing(Strategy.Explore(strategy, FirstWrite, Strategy.Exhaustive));
    }

    [Fact]
    public void Without_the_flush_a_page_is_written_that_nobody_will_report()
    {
        Failure failure = Strategy.AssertViolated(Explore(vm => new NeverFlushes(vm), Story), "I21");
        Assert.Contains("vcpu0 may write gfn 0x0, which is not in the dirty log", failure.Finding.What,
            StringComparison.Ordinal);
    }

    /// <summary>The mark is taken before there is anything to write-protect, and then the page becomes writable.</summary>
    [Fact]
    public void Under_the_shared_hold_a_harvest_comes_between_a_faults_mark_and_its_install() =>
        Strategy.AssertViolated(Explore(vm => new HoldsShared(vm), FirstWrite), "I21");

    private static ExploreResult Explore(Func<Vm<Explored>, DirtyBitmaps<Explored>> log, string scenario) =>
        StrategyExplorer.Explore("mine", Strategy.Named("mainline") with { DirtyLog = log }, Strategy.ScenarioOf(scenario),
            Strategy.Exhaustive, observer: null, TestContext.Current.CancellationToken);

    private sealed class NeverFlushes(Vm<Explored> vm) : DirtyBitmaps<Explored>(vm)
    {
        protected override void Flush() { }
    }

    private sealed class HoldsShared(Vm<Explored> vm) : DirtyBitmaps<Explored>(vm)
    {
        protected override bool IsExclusive => false;
    }
}
