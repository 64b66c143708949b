using Lab.Explorer;
using Lab.Explorer.Model;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>The page tables that metal runs, each step of their protocol left out once: the explorer sees it in a stock scenario.
/// And so it does where a step of what is built on them is missing.</summary>
public sealed class MmuFlawTests
{
    public static TheoryData<MmuFlaw, string, string, string> Planted => new()
    {
        { MmuFlaw.SkipsAfterYield, "mainline", "two-unmaps", "I5" },
        { MmuFlaw.YieldsWithoutProgress, "mainline", "fast-zap-unmap", "I18" },
        { MmuFlaw.YieldsOwingFlush, "mainline", "two-unmaps", "I21" },
        { MmuFlaw.FreesAtOnce, "mainline", "recover-fault", "I3" },
        { MmuFlaw.FreesAtOnce, "mainline+lockless", "age-fast-zap", "I30" },
        { MmuFlaw.ClearsWithoutCas, "mainline+lockless", "age-unmap", "I20" },
        { MmuFlaw.InstallsOverFrozen, "mainline", "recover-fault", "I19" },
        { MmuFlaw.DetachesWithoutFreezing, "mainline", "recover-fault", "I19" },
        { MmuFlaw.LoadsWithoutFlush, "mainline", "touch-deleted", "I21" },
    };

    [Theory]
    [MemberData(nameof(Planted))]
    public void A_step_of_the_protocol_left_out_is_a_violation(MmuFlaw flaw, string subject, string scenario, string invariant)
    {
        Strategy.AssertViolated(Explore(subject, scenario, ShapeWith(flaw)), invariant);
        Strategy.AssertNothing(Explore(subject, scenario, ModelShape.Of<With<Nothing>>()));
    }

    /// <summary>Three levels: what is in the middle of a tree is detached, and walked, too.</summary>
    [Theory]
    [InlineData("baseline")]
    [InlineData("mainline")]
    public void Tables_of_three_levels_are_explored_to_the_end(string strategy)
    {
        const string Text = "levels 3\nslot main 0 + 8\nslot churn 8 + 8\nbefore vcpu0: touch 0, touch 9\n"
            + "thread zapper: delete churn\nthread vcpu0: touch 1\nend destroy\n";
        Strategy.AssertNothing(Strategy.Explore(strategy, Text, Strategy.Exhaustive));
    }

    [Fact]
    public void Merging_without_the_flush_leaves_translations_through_the_table()
    {
        Failure failure = Strategy.AssertViolated(
            Explore(Mine with { Huge = vm => new NeverFlushes(vm) }, "merge-fault"), "I21");
        Assert.Contains("through a table that logger has taken out", failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fault_that_mends_with_a_plain_store_revives_what_was_zapped() =>
        Strategy.AssertViolated(Explore(Mine with { Lockless = vm => new Stores(vm) }, "fast-fault-unmap"), "I20");

    [Fact]
    public void An_answer_of_any_generation_hides_the_slot_that_is_there_now() =>
        Strategy.AssertViolated(Explore(Mine with { Lockless = vm => new NeverLooksAtGeneration(vm) }, "mmio-create"), "I35");

    private static VmDesign<Explored> Mine => Strategy.Named("mainline");

    private static ExploreResult Explore(VmDesign<Explored> design, string scenario) => StrategyExplorer.Explore("mine", design,
        Strategy.ScenarioOf(scenario), Strategy.Exhaustive, observer: null, TestContext.Current.CancellationToken);

    private static ExploreResult Explore(string subject, string scenario, ModelShape shape) => StrategyExplorer.Explore(
        subject, Strategy.Named(subject), Strategy.ScenarioOf(scenario), Strategy.Exhaustive with { Shape = shape },
        observer: null, TestContext.Current.CancellationToken);

    private static ModelShape ShapeWith(MmuFlaw flaw) => flaw switch
    {
        MmuFlaw.SkipsAfterYield => ModelShape.Of<With<Skips>>(),
        MmuFlaw.YieldsWithoutProgress => ModelShape.Of<With<Lingers>>(),
        MmuFlaw.YieldsOwingFlush => ModelShape.Of<With<Owes>>(),
        MmuFlaw.FreesAtOnce => ModelShape.Of<With<Frees>>(),
        MmuFlaw.ClearsWithoutCas => ModelShape.Of<With<Clears>>(),
        MmuFlaw.InstallsOverFrozen => ModelShape.Of<With<Installs>>(),
        MmuFlaw.DetachesWithoutFreezing => ModelShape.Of<With<Detaches>>(),
        MmuFlaw.LoadsWithoutFlush => ModelShape.Of<With<Loads>>(),
        _ => throw new ArgumentOutOfRangeException(nameof(flaw)),
    };

    private interface IFlaw
    {
        static abstract MmuFlaw Flaw { get; }
    }

    private readonly struct With<TFlaw> : ITableShape
        where TFlaw : IFlaw
    {
        public static int Levels => 2;

        public static int IndexBits => 1;

        public static MmuFlaw Flaw => TFlaw.Flaw;
    }

    private readonly struct Nothing : IFlaw { public static MmuFlaw Flaw => MmuFlaw.None; }

    private readonly struct Skips : IFlaw { public static MmuFlaw Flaw => MmuFlaw.SkipsAfterYield; }

    private readonly struct Lingers : IFlaw { public static MmuFlaw Flaw => MmuFlaw.YieldsWithoutProgress; }

    private readonly struct Owes : IFlaw { public static MmuFlaw Flaw => MmuFlaw.YieldsOwingFlush; }

    private readonly struct Frees : IFlaw { public static MmuFlaw Flaw => MmuFlaw.FreesAtOnce; }

    private readonly struct Clears : IFlaw { public static MmuFlaw Flaw => MmuFlaw.ClearsWithoutCas; }

    private readonly struct Installs : IFlaw { public static MmuFlaw Flaw => MmuFlaw.InstallsOverFrozen; }

    private readonly struct Detaches : IFlaw { public static MmuFlaw Flaw => MmuFlaw.DetachesWithoutFreezing; }

    private readonly struct Loads : IFlaw { public static MmuFlaw Flaw => MmuFlaw.LoadsWithoutFlush; }

    private sealed class NeverFlushes(Vm<Explored> vm) : HugePages<Explored>(vm)
    {
        protected override void Flush() { }
    }

    private sealed class Stores(Vm<Explored> vm) : LocklessFaults<Explored>(vm)
    {
        protected override bool TryReplace(ILocklessFaults tables, SpteRef entry, ulong spte, ulong old)
        {
            Vm.Machine.Store(ref entry.Word, spte);
            return true;
        }
    }

    private sealed class NeverLooksAtGeneration(Vm<Explored> vm) : LocklessFaults<Explored>(vm)
    {
        protected override bool IsCurrent(ulong generation, MemslotArray slots) => true;
    }
}
