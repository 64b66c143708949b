using Lab.Results;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>When numbers say more about the machine than about their subject.</summary>
public sealed class ContaminationTests
{
    private static readonly MeasurementKey Key = new("mainline", "memslot-churn", "radix", 1);

    [Fact]
    public void A_run_that_nothing_touched_is_not() => Assert.Empty(Contamination.Of(Run(steady: true, steal: 0.009)));

    [Fact]
    public void A_run_from_before_any_of_it_was_asked_is_not() => Assert.Empty(Contamination.Of(Run(steady: null, steal: null)));

    [Fact]
    public void Not_steady_and_robbed_of_its_processors_it_is() =>
        Assert.Equal(
            [
                "mainline on memslot-churn on radix, run 1: the load was not steady when the window opened",
                "mainline on memslot-churn on radix, run 1: the hypervisor took 3.5 % of the processors' time",
            ],
            Contamination.Of(Run(steady: false, steal: 0.035)));

    /// <summary>More actors than cores share them unevenly on an idle machine too.</summary>
    [Theory]
    [InlineData(null, true)]
    [InlineData(0.0, true)]
    [InlineData(0.01, true)]
    [InlineData(0.02, false)]
    [InlineData(0.9, false)]
    public void Not_steady_because_of_its_own_threads_it_is_not(double? ownWaits, bool isContaminated)
    {
        RunRecord run = Run(steady: false, steal: 0, ownWaits: ownWaits);
        Assert.Equal(isContaminated, Contamination.Of(run).Count > 0);
        Assert.Equal(!isContaminated, Crowding.Of([run]) is not null);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(0.02, false)]
    [InlineData(0.25, true)]
    public void Steps_too_long_for_their_turns_are(double? share, bool isContaminated) =>
        Assert.Equal(
            isContaminated ? ["mainline on memslot-churn on radix, run 1: 25 % of an actor's steps outlasted their turn and do "
                + "not count; use longer --turns, or off"] : [],
            Contamination.Of(Run(steady: true, steal: 0, cut: share)));

    [Theory]
    [InlineData(20_000, 1_019, 1_000, null)]
    [InlineData(20_000, 1_030, 1_000, "p99 by +3.0%")]
    [InlineData(20_000, 1_000, 1_030, "p99 by -2.9%")]
    [InlineData(9_000, 1_030, 1_000, null)] // too few samples for its p99
    public void A_tail_that_disturbed_samples_move_by_more_than_two_per_cent_is(
        long count, double all, double without, string? moves)
    {
        IReadOnlyList<string> reasons = Contamination.Of(Run(
            steady: true, steal: 0, new UndisturbedRow
            {
                Strategy = Key.Strategy, Workload = Key.Workload, Mmu = Key.Mmu, Run = Key.Run, Metric = "update", Unit = "ns",
                Count = count - 40, Tagged = 40, P50 = 500, P90 = 800, P99 = without,
            }, count, all));
        if (moves is null) Assert.Empty(reasons);
        else
        {
            Assert.Equal($"mainline on memslot-churn on radix, run 1: 40 of {count:N0} samples of update were disturbed, which "
                + $"moves its {moves}", Assert.Single(reasons));
        }
    }

    [Fact]
    public void Nothing_undisturbed_is_left_to_compare_with() =>
        Assert.Equal(
            "mainline on memslot-churn on radix, run 1: all 20,000 samples of update were disturbed",
            Assert.Single(Contamination.Of(Run(steady: true, steal: 0, new UndisturbedRow
            {
                Strategy = Key.Strategy, Workload = Key.Workload, Mmu = Key.Mmu, Run = Key.Run, Metric = "update", Unit = "ns",
                Count = 0, Tagged = 20_000, P50 = double.NaN, P90 = double.NaN, P99 = double.NaN,
            }))));

    private static RunRecord Run(bool? steady, double? steal, UndisturbedRow? without = null, long count = 20_000,
        double p99 = 1_000, double? cut = null, double? ownWaits = null) => new()
    {
        Folder = "",
        Manifest = SampleRun.Manifest with
        {
            Measurements = [new Measurement { Strategy = Key.Strategy, Workload = Key.Workload, Mmu = Key.Mmu, Run = Key.Run,
                Steady = steady, StealShare = steal, CutShare = cut, OwnWaits = ownWaits }],
        },
        Summary =
        [
            new SummaryRow
            {
                Strategy = Key.Strategy, Workload = Key.Workload, Mmu = Key.Mmu, Run = Key.Run, Metric = "update", Unit = "ns",
                Count = count, P50 = 500, P90 = 800, P99 = p99,
            },
        ],
        Undisturbed = without is null ? [] : [without],
    };
}
