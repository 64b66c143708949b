namespace Lab.Mmu;

/// <summary>The page-fault path (kvm_tdp_page_fault, Linux 6.16), with the notifier's retry protocol of reference 9.1.</summary>
public sealed partial class Vm<TMachine>
{
    /// <summary>Resolves one fault. Called on the vCPU's thread without locks, its table cache topped up. SRCU is held from the
    /// slot lookup to the install and dropped before a retry, so that an update that waits for it gets on (invariant
    /// I32).</summary>
    internal ExitOutcome HandleFault(Vcpu<TMachine> vcpu, Gfn gfn, bool write)
    {
        ActorCounters counters = Machine.Actor.Counters;
        Machine.EnterRcu(Slots.Srcu);
        MemslotArray slots = Slots.Published;
        if (Settings.CachesMmio && Lockless.HasMmioFor(vcpu.Root, gfn, slots))
        {
            if (slots.TryFind(gfn, out Memslot found)) ReportMmio(gfn, found);
            Machine.ExitRcu(Slots.Srcu);
            counters.MmioExits++;
            return ExitOutcome.Mmio;
        }
        bool hasSlot = slots.TryFind(gfn, out Memslot slot);
        // Invalid comes first: what the slot will be, or whether it will be, only the end of the update says.
        if (!hasSlot || (write && slot.IsReadOnly && !slot.IsInvalid))
        {
            if (!hasSlot || slot.IsInvalid) CheckMmio(gfn);
            if (!hasSlot && Settings.CachesMmio) Lockless.CacheMmio(vcpu, gfn, slots);
            Machine.ExitRcu(Slots.Srcu);
            counters.MmioExits++;
            return ExitOutcome.Mmio;
        }

        MapOutcome outcome = MapOutcome.Retry;
        if (Settings.FastFaults && write && Lockless.TryFix(vcpu.Root, slot, gfn))
        {
            outcome = MapOutcome.Fixed;
        }
        else if (!slot.IsInvalid)
        {
            // Before the frame is looked up: an invalidation that completes in between must be noticed (I24).
            ulong sequence = Notifier.Sequence;
            bool mayWrite = !slot.IsReadOnly && (write || (slot.Flags & MemslotFlags.LogDirtyPages) == 0);
            if (!Settings.PreChecks || !Notifier.SeemsToRetry(gfn, sequence))
            {
                Hva page = Memory.PieceFrames == 0 ? slot.Hva : Memory.FrameOf(slot, gfn);
                Mapping mapping = new(gfn, page, mayWrite, write);
                if (!Settings.PreChecks || !Notifier.SeemsToRetry(gfn, sequence))
                {
                    outcome = MapUnderLock(vcpu, slot, mapping, sequence);
                }
            }
        }
        Machine.ExitRcu(Slots.Srcu);

        switch (outcome)
        {
            case MapOutcome.Fixed:
                counters.FaultsFixed++;
                return ExitOutcome.Fixed;
            case MapOutcome.Spurious:
                counters.FaultsSpurious++;
                return ExitOutcome.Fixed;
            case MapOutcome.NoMemory:
                return ExitOutcome.NoMemory;
            default:
                counters.FaultsRetried++;
                return ExitOutcome.Retry;
        }
    }

    private MapOutcome MapUnderLock(Vcpu<TMachine> vcpu, in Memslot slot, in Mapping mapping, ulong sequence)
    {
        if (FaultsExclusively)
        {
            ExclusiveHold exclusive = EnterExclusive();
            MapOutcome alone = MapUnlessStale(vcpu, slot, mapping, sequence, default);
            Exit(exclusive);
            return alone;
        }
        SharedHold hold = EnterShared();
        MapOutcome outcome = MapUnlessStale(vcpu, slot, mapping, sequence, hold);
        Exit(hold);
        return outcome;
    }

    /// <summary>A large page would be copied whole for each write that is logged, and must not reach beyond the slot.</summary>
    private bool MayBeLarge(ILargeLeafs large, in Memslot slot, Gfn gfn)
    {
        GfnRange mapped = large.RangeOf(gfn, Settings.LeafLevel);
        return slot.DirtyBits == 0 && slot.Range.Contains(mapped.Start) && mapped.End.Value <= slot.Range.End.Value;
    }

    private MapOutcome MapUnlessStale(
        Vcpu<TMachine> vcpu, in Memslot slot, in Mapping mapping, ulong sequence, SharedHold hold)
    {
        MapOutcome outcome = MapOutcome.Retry;
        // is_page_fault_stale: a root that became invalid is being zapped; installing behind the zapper would leak (I9).
        if (!Strategy.IsInvalid(vcpu.Root) && !Notifier.MustRetry(mapping.Gfn, sequence, hold))
        {
            // Before it is writable, as make_spte does: who finds it writable finds the bit.
            if (mapping.Write && slot.DirtyBits != 0) DirtyLog.Mark(slot, mapping.Gfn);
            Machine.EnterRcu(Rcu);
            outcome = _large is { } large && !MayBeLarge(large, slot, mapping.Gfn)
                ? large.MapAt(vcpu.Tables, vcpu.Root, mapping, Spte.LeafLevel)
                : Map(vcpu.Tables, vcpu.Root, mapping);
            if (outcome == MapOutcome.Fixed && Memory.PieceFrames != 0) CheckInstalled(vcpu.Root, mapping);
            Machine.ExitRcu(Rcu);
        }
        return outcome;
    }
}
