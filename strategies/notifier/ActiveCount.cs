using Lab.Mmu;

namespace Lab.Strategies.Notifier;

/// <summary><b>Idea.</b> Invalidations under way are counted; whoever swaps the memslots waits until there are none. Starts and
/// ends leave mmu_lock and the number in progress alone where no slot overlaps.</summary>
/// <remarks>
/// <b>Source.</b> Linux from 5.15 on: 52ac8b358b0c and 071064f14d87 (reference 9.5, N3).
/// <para><b>Runs beside.</b> Starts and ends with each other. They go first on purpose: as long as one is always under way an
/// update waits (I28 does not hold).</para>
/// <para><b>On return</b> of a start no root maps a frame of the range and no TLB holds it.</para>
/// <para><b>Pays.</b> The updater, without a bound.</para>
/// </remarks>
[Strategy("active-count", Code = "N3",
    Idea = "the swap of memslots waits until no invalidation is under way; where no slot overlaps nothing else is locked",
    Source = "Linux 5.15 and later")]
public sealed class ActiveCount<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>Beside the number under way, in bits 31:0 of the word: the updater sleeps until it is zero.</summary>
    private const ulong UpdaterWaits = 1UL << 32;

    private readonly TicketLock _lock = new("mn_invalidate_lock") { GuardsOnlyWords = true };

    public override bool HoldsSwaps => true;

    public override void RangeStart(GfnRange range) => Start(range, mayYield: true);

    /// <summary>As any other, in one go: the count is raised without sleeping.</summary>
    public override void RangeStartNonBlockable(GfnRange range) => Start(range, mayYield: false);

    public override void RangeEnd(GfnRange range)
    {
        EndWhereMapped(range);
        Vm.Machine.Enter(_lock);
        ulong left = Vm.Machine.LoadRelaxed(ref OwnWord) - 1;
        Vm.Machine.StoreRelaxed(ref OwnWord, left);
        Vm.Machine.Exit(_lock);
        // There is one updater at most: slots_lock.
        if (left == UpdaterWaits) Vm.Machine.Wake(ref OwnWord);
    }

    /// <summary>Waits, and keeps starts out until the memslots are published.</summary>
    public override void BeforeSwap()
    {
        Vm.Machine.Enter(_lock);
        while (UnderWay is { } active and not 0)
        {
            Vm.Machine.StoreRelaxed(ref OwnWord, UpdaterWaits | active);
            Vm.Machine.Exit(_lock);
            Vm.Machine.AwaitChange(ref OwnWord, UpdaterWaits | active, "invalidations to end");
            Vm.Machine.Enter(_lock);
        }
        Vm.Machine.StoreRelaxed(ref OwnWord, 0);
    }

    public override void AfterSwap() => Vm.Machine.Exit(_lock);

    /// <summary>Starts whose end will not come are forgotten.</summary>
    public override void Release() => Vm.Machine.StoreRelaxed(ref OwnWord, 0);

    protected override void DisposeOwned() => _lock.Dispose();

    private ulong UnderWay => Vm.Machine.LoadRelaxed(ref OwnWord) & (UpdaterWaits - 1);

    private void Start(GfnRange range, bool mayYield)
    {
        Vm.Machine.Enter(_lock);
        Vm.Machine.StoreRelaxed(ref OwnWord, Vm.Machine.LoadRelaxed(ref OwnWord) + 1);
        Vm.Machine.Exit(_lock);
        StartWhereMapped(range, mayYield: mayYield);
    }
}
