namespace Lab.Mmu;

/// <summary>A promise that is watched, or kept by construction.</summary>
/// <param name="Number">Its number in section 12 of the reference, as "I1".</param>
/// <param name="Sentence">What must hold, in the words of that section.</param>
public sealed record Invariant(string Number, string Sentence);

/// <summary>The invariants of section 12 of the reference. Who can see which one broken: docs/ARCHITECTURE.md,
/// "Oracles".</summary>
public static class Invariants
{
    private static readonly List<Invariant> Numbered = [];

    public static readonly Invariant I1 =
        Of(1, "A count is the number of references held: never below zero, and up from zero only where a put stores one");
    public static readonly Invariant I2 = Of(2, "A root is handed to the reclaimer exactly once");
    public static readonly Invariant I3 = Of(3, "Nobody uses a root or a page table after its grace period");
    public static readonly Invariant I4 = Of(4, "A root with present SPTEs is on the list whenever mmu_lock is free");
    public static readonly Invariant I5 = Of(5, "After a notifier's start no root, valid or invalid, maps a frame of the range");
    public static readonly Invariant I6 =
        Of(6, "When a fast zap returns, no root maps the slot that it was for, and those that it gave up hold no present SPTE");
    public static readonly Invariant I7 =
        Of(7, "When a fast zap returns, nobody else is inside a detached subtree of such a root");
    public static readonly Invariant I8 =
        Of(8, "When a fast zap returns, no vCPU is in guest mode on a root that it invalidated");
    public static readonly Invariant I9 =
        Of(9, "No SPTE becomes present under an invalid root, and none is when a root is freed");
    public static readonly Invariant I10 =
        Of(10, "Each edge from valid to invalid makes one responsibility to zap, which owns one reference");
    public static readonly Invariant I11 = Of(11, "A queued item is not initialised again");
    public static readonly Invariant I12 =
        Of(12, "Where the MMU owns a reference to each valid root, no valid root's count reaches zero");
    public static readonly Invariant I13 = Of(13, "At most one root per role is valid");
    public static readonly Invariant I14 = Of(14, "An exclusive holder of mmu_lock never sees a linked root with count zero");
    public static readonly Invariant I15 =
        Of(15, "Iterators over valid roots hold references only on roots that were valid when they took them");
    public static readonly Invariant I16 =
        Of(16, "A VM leaves nothing when it is destroyed: no root, table, item, held lock; and each table is freed once");
    public static readonly Invariant I17 = Of(17, "A whole walk visits every SPTE that was present throughout");
    public static readonly Invariant I18 = Of(18, "Between two yields of a walk its goal moved");
    public static readonly Invariant I19 = Of(19, "A frozen SPTE is overwritten only by the thread that froze it");
    public static readonly Invariant I20 = Of(20, "A zap loses no accessed or dirty bit, and no update revives a zapped entry");
    public static readonly Invariant I21 = Of(21, "TLBs are flushed before the memory or tables that they may know are given up");
    public static readonly Invariant I22 = Of(22, "Loading a root flushes the vCPU's TLB");
    public static readonly Invariant I23 =
        Of(23, "Invalidations in progress are never negative, and zero exactly if none is open; the sequence counts ends");
    public static readonly Invariant I24 =
        Of(24, "A fault installs a frame only if no invalidation of it began or ended since its snapshot");
    public static readonly Invariant I25 =
        Of(25, "An end sees the memslots that its start saw, where one that sees others would decide otherwise");
    public static readonly Invariant I26 =
        Of(26, "Once the notifier is unregistered nobody waits for an end that cannot come");
    public static readonly Invariant I27 = Of(27, "No start waits for an updater that waits for an earlier start");
    public static readonly Invariant I28 = Of(28, "A memslot update completes within a bounded number of invalidations");
    public static readonly Invariant I29 =
        Of(29, "A frame's chain is read only under mmu_lock or its bit, written only under both, and neither is left behind");
    public static readonly Invariant I30 =
        Of(30, "A walk without mmu_lock touches no descriptor and no page table that was freed");
    public static readonly Invariant I31 = Of(31, "The mode in which a root is put follows from something that never changes");
    public static readonly Invariant I32 = Of(32, "A fault that retries leaves SRCU first");
    public static readonly Invariant I33 = Of(33, "A fast zap takes as long as its own roots need");
    public static readonly Invariant I34 = Of(34, "The work that a put of a vCPU's reference does is O(1)");
    public static readonly Invariant I35 =
        Of(35, "A fault on a memslot, be it one that is being deleted or moved, is never answered as MMIO");
    public static readonly Invariant I36 = Of(36, "A vCPU loads a root of its own role");
    public static readonly Invariant I37 = Of(37, "An invalidation that may not sleep takes no lock that is slept for, awaits "
        + "nothing and does not yield");
    public static readonly Invariant I38 = Of(38, "A pass over accessed bits tells whether there were any and leaves none; a "
        + "question leaves them all");

    /// <summary>No promise of the MMU, but of what it stands on: guest code and its memory do only what the lab
    /// arranged.</summary>
    public static readonly Invariant Guest = new("guest", "The guest and its memory do only what the lab arranged.");

    /// <summary>No promise of the MMU either: a strategy whose code throws has kept none.</summary>
    public static readonly Invariant Exception = new("exception", "A strategy does its work without throwing an exception.");

    /// <summary>Those with a number, in its order.</summary>
    public static IReadOnlyList<Invariant> All => Numbered;

    private static Invariant Of(int number, string sentence)
    {
        Invariant invariant = new($"I{number}", $"{sentence}.");
        Numbered.Add(invariant);
        return invariant;
    }
}
