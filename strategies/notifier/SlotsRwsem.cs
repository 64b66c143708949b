using Lab.Mmu;

namespace Lab.Strategies.Notifier;

/// <summary><b>Idea.</b> A reader/writer semaphore keeps the memslots as they are from a start to its end, so that both can leave
/// mmu_lock and the count alone where no slot overlaps.</summary>
/// <remarks>
/// <b>Source.</b> "KVM: Don't take mmu_lock for range invalidation unless necessary", v1 16/18 (2021-03-26) and v2 09/10
/// (2021-04-02), never merged (reference 9.4, N2).
/// <para><b>Runs beside.</b> Other starts and ends. Not beside a swap of memslots: whoever updates waits for every end, and with
/// a fair semaphore every start that comes meanwhile waits for the updater. That is its deadlock: a start waits behind the
/// updater and holds what an earlier one needs to get to its end (I27; <c>explore --scenario notifier-cycle --set
/// fair=1</c>).</para>
/// <para><b>On return</b> of a start no root maps a frame of the range and no TLB holds it.</para>
/// <para><b>Pays.</b> The updater, for the longest invalidation under way; then invalidations, for the updater.</para>
/// </remarks>
[Strategy("slots-rwsem", Code = "N2",
    Idea = "a semaphore keeps the memslots as they are from start to end; where none overlaps nothing else is locked",
    Source = "v2 09/10, 2021-04-02")]
public class SlotsRwsem<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private readonly RwSemaphore _slots = new("mmu_notifier_slots_lock", isFair: !vm.Settings.ReadersFirst);

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

    /// <summary>It would have to sleep for the semaphore: it takes mmu_lock and counts whatever the slots are, so that the
    /// balance does not depend on them.</summary>
    public override void RangeStartNonBlockable(GfnRange range) => StartWhereMapped(range, mustCount: true, mayYield: false);

    public override void RangeEndNonBlockable(GfnRange range) => EndWhereMapped(range, mustCount: true);

    public override void BeforeSwap() => Vm.Machine.EnterExclusive(_slots);

    public override void AfterSwap() => Vm.Machine.ExitExclusive(_slots);

    /// <summary>A start whose end will not come holds the read side for ever, and deleting the VM's own slots would wait for it.
    /// The last reference to the VM is gone, so nobody waits and nobody will leave.</summary>
    public override void Release() => Vm.Machine.Reinitialise(_slots);
}
