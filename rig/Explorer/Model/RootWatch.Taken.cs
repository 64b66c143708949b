using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>Tables that are taken out of valid roots, pages that are write-protected, and what vCPUs still know of
/// them.</summary>
internal sealed unsafe partial class RootWatch
{
    // SAFETY: as in RootWatch.cs; the address of a table is handed on, not followed.
    /// <summary>Translations through tables that were taken out and not yet given up, by who took them.</summary>
    private readonly List<Stale> _stale = [];

    /// <summary>The present agent has taken out a table: what is cached of it now is stale until it is forgotten, whatever is
    /// mapped there next.</summary>
    void ITableWatch.OnTaken(TdpRoot root, ulong* table)
    {
        Note(LocalEffectKind.TableTaken, (nint)root.AsWord, (ulong)table);
        GfnRange range = memory.RangeOf(table);
        for (int vcpu = 0; vcpu < _vm!.Vcpus.Count; vcpu++)
        {
            if (RootOf(vcpu) != root) continue;
            for (Gfn gfn = range.Start; gfn.Value < range.End.Value; gfn += 1)
            {
                if (CachedBy(vcpu, gfn) is not 0 and var spte)
                {
                    _stale.Add(new Stale(agents.CurrentIndex, vcpu, gfn, spte, TlbEpochOf(vcpu), root));
                }
            }
        }
    }

    /// <summary>Invariant I21: the agent gives up the tables that it took out. Whoever knew of them has forgotten, or does so
    /// before its next access.</summary>
    public void CheckTaken(Agent me)
    {
        Note(LocalEffectKind.CheckTaken);
        foreach (Stale one in _stale)
        {
            if (one.By != me.Index || !IsKnown(one)) continue;
            Report(Invariants.I21, $"vcpu{one.Vcpu} still has gfn {one.Gfn} cached through a table that {me.Name} has taken out "
                + "and given up, and nothing makes it forget");
            break;
        }
        _stale.RemoveAll(one => one.By == me.Index);
    }

    /// <summary>Invariant I21, when a dirty log has been handed out and when an access has retired: what a vCPU may write is
    /// marked in the log, or it forgets before its next access.</summary>
    public void CheckProtected()
    {
        Note(LocalEffectKind.CheckProtected);
        for (int vcpu = 0; vcpu < _vm!.Vcpus.Count; vcpu++) CheckProtected(vcpu);
    }

    private void CheckProtected(int vcpu)
    {
        // Whoever is write-protecting has yet to flush; whose root is none or invalid loads another, and that flushes.
        TdpRoot root = RootOf(vcpu);
        if (IsLogOpen || root.IsNone || (root.Role & RootRole.Invalid) != 0) return;
        if ((_vm!.Requests[vcpu] & VcpuRequests.FlushTlb) != 0) return;
        foreach (ref readonly Memslot slot in ActiveSlots)
        {
            for (Gfn gfn = slot.Range.Start; slot.DirtyBits != 0 && gfn.Value < slot.Range.End.Value; gfn += 1)
            {
                const ulong MayBeWritten = Spte.Writable | Spte.Dirty;
                if ((CachedBy(vcpu, gfn) & MayBeWritten) != MayBeWritten || !DirtyBitmaps<Explored>.IsClean(slot, gfn)) continue;
                Report(Invariants.I21,
                    $"vcpu{vcpu} may write gfn {gfn}, which is not in the dirty log, and nothing makes it ask");
                return;
            }
        }
    }

    private ulong StaleHash()
    {
        ulong hash = 0;
        foreach (Stale one in _stale)
        {
            if (!IsKnown(one)) continue;
            hash += AgentController.Mix((ulong)one.By + 1, (ulong)one.Vcpu, one.Gfn.Value);
        }
        return hash;
    }

    private bool IsKnown(in Stale one)
    {
        return RootOf(one.Vcpu) == one.Root && (one.Root.Role & RootRole.Invalid) == 0 && TlbEpochOf(one.Vcpu) == one.Epoch
            && CachedBy(one.Vcpu, one.Gfn) == one.Spte && (_vm!.Requests[one.Vcpu] & VcpuRequests.FlushTlb) == 0;
    }

    internal readonly record struct Stale(int By, int Vcpu, Gfn Gfn, ulong Spte, ulong Epoch, TdpRoot Root);
}
