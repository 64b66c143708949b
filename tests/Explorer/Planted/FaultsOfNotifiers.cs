using Lab.Mmu;

namespace Lab.Tests.Explorer.Planted;

/// <summary>Every start and end is counted under mmu_lock; a start zaps there.</summary>
[Strategy("s-counts", Idea = "counts under mmu_lock, zaps there", Source = "for the tests")]
public class Counts<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void RangeStart(GfnRange range) => Start(range, mayYield: true);

    public override void RangeStartNonBlockable(GfnRange range) => Start(range, mayYield: false);

    public override void RangeEnd(GfnRange range)
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        End();
        Vm.Exit(hold);
    }

    protected void Start(GfnRange range, bool mayYield)
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        BeginAndZap(range, hold, mayYield);
        Vm.Exit(hold);
    }

    protected virtual void BeginAndZap(GfnRange range, ExclusiveHold hold, bool mayYield)
    {
        Begin(range);
        Zap(range, hold, mayYield);
    }

    protected virtual void Zap(GfnRange range, ExclusiveHold hold, bool mayYield) => Unmap(range, hold, mayYield);

    /// <summary>As <see cref="MmuNotifier{TMachine}.Unmap"/>, of some roots, and with what is owed at each of them in the
    /// variant's hands.</summary>
    protected void ZapSome(GfnRange range, ExclusiveHold hold, Func<TdpRoot, bool> isOne, bool forgets = false)
    {
        RootStrategy<TMachine> roots = Vm.Strategy;
        bool flush = false;
        for (TdpRoot root = roots.NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
             root = roots.NextRoot(root, RootFilter.All, hold))
        {
            if (isOne(root)) flush = Vm.Mmu.ZapLeafs(root, range, hold, mayYield: false, flush && !forgets);
        }
        if (flush) Vm.Mmu.FlushRemoteTlbs();
    }
}

/// <summary>Counts after the zap, which may yield: a fault installs behind it.</summary>
[Strategy("p-counts-after", Status = StrategyStatus.Broken, Idea = "zaps, then counts", Source = "planted", Breaks = "I5")]
public sealed class CountsAfter<TMachine>(Vm<TMachine> vm) : Counts<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void BeginAndZap(GfnRange range, ExclusiveHold hold, bool mayYield)
    {
        Zap(range, hold, mayYield);
        Begin(range);
    }
}

/// <summary>Faults know the range of the last start only, whatever else is in progress.</summary>
[Strategy("p-last-range", Status = StrategyStatus.Broken, Idea = "one range for all in progress: the last", Source = "planted",
    Breaks = "I5")]
public sealed class LastRange<TMachine> : Counts<TMachine>
    where TMachine : struct, IMachine
{
    private readonly SharedWord _start;
    private readonly SharedWord _end;

    public LastRange(Vm<TMachine> vm) : base(vm) => (_start, _end) = (vm.NewWord("start"), vm.NewWord("end"));

    public override bool MustRetry(Gfn gfn, ulong snapshot, SharedHold hold) => Sequence != snapshot
        || (InProgress != 0 && gfn.Value >= Vm.Machine.LoadRelaxed(ref _start.Value)
            && gfn.Value < Vm.Machine.LoadRelaxed(ref _end.Value));

    protected override void Zap(GfnRange range, ExclusiveHold hold, bool mayYield)
    {
        Vm.Machine.StoreRelaxed(ref _start.Value, range.Start.Value);
        Vm.Machine.StoreRelaxed(ref _end.Value, range.End.Value);
        base.Zap(range, hold, mayYield);
    }
}

/// <summary>Leaves roots of other roles than the normal one alone.</summary>
[Strategy("p-normal-roots", Status = StrategyStatus.Broken, Idea = "zaps roots of one role", Source = "planted", Breaks = "I5")]
public sealed class NormalRoots<TMachine>(Vm<TMachine> vm) : Counts<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Zap(GfnRange range, ExclusiveHold hold, bool mayYield) => ZapSome(range, hold,
        root => (Vm.Machine.Load(ref root.Role) & ~RootRole.Invalid) == RootRole.Normal.Word);
}

/// <summary>A root without a leaf in the range makes it forget what it owes for those before.</summary>
[Strategy("p-forgets-flush", Status = StrategyStatus.Broken, Idea = "flushes what the last root owes", Source = "planted",
    Breaks = "I21")]
public sealed class ForgetsFlush<TMachine>(Vm<TMachine> vm) : Counts<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Zap(GfnRange range, ExclusiveHold hold, bool mayYield) =>
        ZapSome(range, hold, _ => true, forgets: true);
}

/// <summary>Two frames of the range, and no more.</summary>
[Strategy("p-two-frames", Status = StrategyStatus.Broken, Idea = "zaps part of a long range", Source = "planted", Breaks = "I5")]
public sealed class TwoFrames<TMachine>(Vm<TMachine> vm) : Counts<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Zap(GfnRange range, ExclusiveHold hold, bool mayYield) =>
        base.Zap(GfnRange.Of(range.Start.Value, Math.Min(2, range.Frames)), hold, mayYield);
}

/// <summary>Yields where it may not.</summary>
[Strategy("p-reaper-yields", Status = StrategyStatus.Broken, Idea = "a start that may not sleep yields", Source = "planted",
    Breaks = "I37")]
public sealed class ReaperYields<TMachine>(Vm<TMachine> vm) : Counts<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void RangeStartNonBlockable(GfnRange range) => Start(range, mayYield: true);
}

/// <summary>Sleeps for a semaphore where it may not.</summary>
[Strategy("p-reaper-sleeps", Status = StrategyStatus.Broken, Idea = "a start that may not sleep takes a semaphore",
    Source = "planted", Breaks = "I37")]
public sealed class ReaperSleeps<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private readonly RwSemaphore _slots = new("slots", isFair: !vm.Settings.ReadersFirst);

    public override bool HoldsSwaps => true;

    public override void RangeStart(GfnRange range)
    {
        Vm.Machine.EnterShared(_slots);
        StartWhereMapped(range);
    }

    public override void RangeEnd(GfnRange range)
    {
        EndWhereMapped(range);
        Vm.Machine.ExitShared(_slots);
    }

    public override void BeforeSwap() => Vm.Machine.EnterExclusive(_slots);

    public override void AfterSwap() => Vm.Machine.ExitExclusive(_slots);

    public override void Release() => Vm.Machine.Reinitialise(_slots);
}

/// <summary>The updater waits until no invalidation is under way.</summary>
[Strategy("s-waits", Idea = "the swap waits for a count", Source = "for the tests")]
public class Waits<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private readonly TicketLock _lock = new("count") { GuardsOnlyWords = true };

    public override bool HoldsSwaps => true;

    public override void RangeStart(GfnRange range)
    {
        Change(1);
        StartWhereMapped(range);
    }

    public override void RangeStartNonBlockable(GfnRange range)
    {
        Change(1);
        StartWhereMapped(range, mayYield: false);
    }

    public override void RangeEnd(GfnRange range)
    {
        EndWhereMapped(range);
        if (Change(ulong.MaxValue) == 0) Vm.Machine.Wake(ref OwnWord);
    }

    public override void BeforeSwap()
    {
        Vm.Machine.Enter(_lock);
        AwaitNone();
    }

    public override void AfterSwap() => Vm.Machine.Exit(_lock);

    public override void Release() => Vm.Machine.StoreRelaxed(ref OwnWord, 0);

    protected virtual void AwaitNone()
    {
        while (AwaitsChange()) { }
    }

    /// <summary>False if there was nothing to wait for. Under the lock, which it leaves for the sleep.</summary>
    protected bool AwaitsChange()
    {
        ulong open = Vm.Machine.LoadRelaxed(ref OwnWord);
        if (open == 0) return false;
        Vm.Machine.Exit(_lock);
        Vm.Machine.AwaitChange(ref OwnWord, open, "invalidations to end");
        Vm.Machine.Enter(_lock);
        return true;
    }

    protected override void DisposeOwned() => _lock.Dispose();

    private ulong Change(ulong by)
    {
        Vm.Machine.Enter(_lock);
        ulong count = Vm.Machine.LoadRelaxed(ref OwnWord) + by;
        Vm.Machine.StoreRelaxed(ref OwnWord, count);
        Vm.Machine.Exit(_lock);
        return count;
    }
}

/// <summary>It waits once: those that start before it has the lock again are overlooked.</summary>
[Strategy("p-waits-once", Status = StrategyStatus.Broken, Idea = "the swap waits once", Source = "planted", Breaks = "I23")]
public sealed class WaitsOnce<TMachine>(Vm<TMachine> vm) : Waits<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void AwaitNone() => AwaitsChange();
}
