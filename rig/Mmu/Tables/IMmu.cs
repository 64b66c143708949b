namespace Lab.Mmu;

/// <summary>What came of an attempt to map a frame (kernel: RET_PF_*).</summary>
public enum MapOutcome
{
    /// <summary>The SPTE was installed.</summary>
    Fixed,

    /// <summary>Another vCPU had installed it.</summary>
    Spurious,

    /// <summary>Something changed underneath; let the guest fault again.</summary>
    Retry,

    /// <summary>Out of table pages.</summary>
    NoMemory,
}

/// <summary>A leaf to install.</summary>
/// <param name="Gfn">Guest frame that faulted.</param>
/// <param name="Hva">Address of the memory behind the slot: every frame of it is backed from there.</param>
/// <param name="MayWrite">The slot allows writing.</param>
/// <param name="Write">The access that faulted was a write.</param>
public readonly record struct Mapping(Gfn Gfn, Hva Hva, bool MayWrite, bool Write);

/// <summary>What a guest access gets from the tables.</summary>
public enum WalkOutcome
{
    Ok,

    /// <summary>Not mapped, or not for this kind of access.</summary>
    Fault,

    /// <summary>The walk read a table that was freed. The caller decides whether that was a discarded access or a
    /// violation.</summary>
    FreedTable,
}

/// <summary>A strategy's say while a subtree is taken apart. Calls come from the zapping thread, with its hold.</summary>
public interface IZapHooks
{
    /// <summary>A subtree of the root is about to be detached.</summary>
    void OnDetach(TdpRoot root);

    /// <summary>Nothing of the detached subtree will be touched again by this thread, except to free it.</summary>
    void OnSubtreeDone(TdpRoot root);
}

/// <summary>Who is told of what happens to tables, on the thread that does it.</summary>
internal unsafe interface ITableWatch
{
    /// <summary>The entry that links a table is about to be zapped.</summary>
    void OnTaking(TdpRoot root);

    /// <summary>A single table is out of a root that goes on living.</summary>
    void OnTaken(TdpRoot root, ulong* table);

    /// <summary>This thread will touch what hung there no more, except to free it.</summary>
    void OnApart(TdpRoot root);

    /// <summary>A walk that may yield begins.</summary>
    void OnWalk();

    /// <summary>It yields, and will go on there.</summary>
    void OnYield(Gfn goal);

    /// <summary>An oracle stands before the entries of a root.</summary>
    void OnLook() { }
}

/// <summary>Page tables whose accessed bits the lab can read and clear. Where the processor walks they are the
/// kernel's.</summary>
/// <remarks>Called inside a read-side section of <see cref="IMmu.Rcu"/>, beside faults, zaps and walks.</remarks>
public interface IAccessedBits
{
    /// <summary>Clears the accessed bit of each leaf in the range; true if any was set. No flush: translations in TLBs stay, and
    /// whoever uses one does not set the bit again.</summary>
    bool ClearAccessed(TdpRoot root, GfnRange range);

    /// <summary>True if the accessed bit of a leaf in the range is set; stops at the first.</summary>
    bool TestAccessed(TdpRoot root, GfnRange range);

    /// <summary>From now on each leaf that comes or goes is told of. Before the first is installed.</summary>
    void TellOfLeafs(ILeafIndex index);
}

/// <summary>Who is told of each leaf, on the thread that installed or zapped it and with its hold. Leafs are installed under the
/// exclusive hold then (<see cref="Vm{TMachine}"/> sees to that), and zapped under either.</summary>
public interface ILeafIndex
{
    /// <summary>False if it cannot take one more leaf: none is installed.</summary>
    bool HasRoom { get; }

    /// <summary>The entry has become a leaf.</summary>
    /// <param name="gfn">First frame that it maps.</param>
    /// <param name="sptep">The entry.</param>
    void Add(Gfn gfn, ref ulong sptep);

    /// <summary>The entry is a leaf no longer; its table may be freed once this has returned.</summary>
    /// <param name="gfn">First frame that it mapped.</param>
    /// <param name="sptep">The entry.</param>
    void Remove(Gfn gfn, ref ulong sptep);
}

/// <summary>Page tables whose leaf tables can be taken out one by one. Where the processor walks they are the kernel's.</summary>
public interface ILeafTables
{
    /// <summary>Takes the leaf table of the frame out of the root, in one try. False, and nothing was done, if there is none, or
    /// if somebody else has changed the entry that links it: what is there now is not the table that was to go.</summary>
    /// <remarks>Either hold, inside a read-side section of <see cref="IMmu.Rcu"/>, which the caller leaves only when TLBs are
    /// flushed. Runs beside faults and other shared zaps.</remarks>
    bool ZapTable(TdpRoot root, Gfn gfn, MmuHold hold, IZapHooks? hooks);
}

/// <summary>Page tables with leafs above 4 KiB that can be split and put together again. Where the processor walks they are the
/// kernel's.</summary>
/// <remarks>Called inside a read-side section of <see cref="IMmu.Rcu"/>, beside faults, zaps and walks. With a
/// <see cref="ILeafIndex"/> the hold must be exclusive.</remarks>
public interface ILargeLeafs
{
    /// <summary>The frames that an entry of that level for this one covers.</summary>
    GfnRange RangeOf(Gfn gfn, PageLevel level);

    /// <summary>As <see cref="IMmu.Map"/>, at a level of the caller's choice: a larger leaf in the way is split, and the table
    /// below is replaced by the leaf, with a flush.</summary>
    MapOutcome MapAt(TableCache cache, TdpRoot root, in Mapping mapping, PageLevel level);

    /// <summary>Splits each leaf above 4 KiB in the range into leafs of 4 KiB that map the same, as far as there are table
    /// pages; yields. No flush is owed: what vCPUs have cached of the large leaf maps the same, and lasts until the next
    /// flush.</summary>
    void Split(TableCache cache, TdpRoot root, GfnRange range, MmuHold hold);

    /// <summary>Replaces each table in the range whose frames lie in it whole, and of which one at least is mapped, by one leaf
    /// of that level; yields. The host must back the frames by a page that large, and take it whole. True if the caller owes a
    /// flush before its read-side section ends, after which the tables may be freed: until then vCPUs may walk them. What was
    /// merged before a yield has been flushed.</summary>
    bool Merge(TdpRoot root, GfnRange range, PageLevel level, MmuHold hold, IZapHooks? hooks);
}

/// <summary>Page tables whose entries a fault may look at, and mend, without mmu_lock. Where the processor walks they are the
/// kernel's.</summary>
/// <remarks>Called inside a read-side section of <see cref="IMmu.Rcu"/>, beside everything.</remarks>
public interface ILocklessFaults
{
    /// <summary>The entry where the tables end for the frame, as it was when it was read, with its level; and its place, for
    /// <see cref="TryReplace"/>.</summary>
    (PageLevel Level, ulong Spte) Look(TdpRoot root, Gfn gfn, out SpteRef entry);

    /// <summary>Writes the entry if it is still what it was.</summary>
    bool TryReplace(SpteRef entry, ulong spte, ulong old);

    /// <summary>Caches that there is no memslot at the frame (make_mmio_spte). Shared hold; the root is valid.</summary>
    MapOutcome MapMmio(TableCache cache, TdpRoot root, Gfn gfn, ulong generation);
}

/// <summary>The place of an entry. Good while the read-side section lasts in which it was found.</summary>
public readonly unsafe struct SpteRef
{
    // SAFETY: the place is an entry of a table, which is not freed while the section lasts.
    private readonly ulong* _place;

    internal SpteRef(ulong* place) => _place = place;

    /// <summary>The entry.</summary>
    public ref ulong Word => ref *_place;
}

/// <summary>What the page tables are: the one interface that every strategy drives. <c>radix</c> keeps them in native memory and
/// walks them in software; those that let the processor walk are <see cref="IHardwareMmu"/>.</summary>
public interface IMmu : IDisposable
{
    string Name { get; }

    /// <summary>The domain that protects walks over tables and over the list of roots, and after whose grace periods both are
    /// freed.</summary>
    Rcu Rcu { get; }

    /// <summary>Table pages in use now: linked, cached by vCPUs, and zombies that wait for a grace period.</summary>
    long TablePages { get; }

    long TablePagesMax { get; }

    /// <summary>A vCPU forgets its translations whenever it loads a root (I22): true but for a flaw on purpose.</summary>
    bool LoadsFlush => true;

    /// <summary>What zaps could not be cut short in.</summary>
    ZapSections Sections { get; }

    /// <summary>Table pages to hold ready for one vCPU. An implementation that needs none returns an empty cache that is always
    /// full.</summary>
    TableCache NewCache();

    /// <summary>Makes an empty root with count zero and no list membership; none if memory is short.</summary>
    TdpRoot CreateRoot(TableCache cache, RootRole role);

    /// <summary>Installs a leaf. Shared hold (or exclusive); runs beside other faults and shared zaps. Never blocks.</summary>
    MapOutcome Map(TableCache cache, TdpRoot root, in Mapping mapping);

    /// <summary>The processor's walk: finds the leaf for an access and sets its accessed and dirty bits. No lock: it is the guest
    /// that walks. Inside a read-side section of <see cref="Rcu"/>, which stands for a walk being indivisible.</summary>
    WalkOutcome Walk(TdpRoot root, Gfn gfn, bool write, out ulong spte);

    /// <summary>Makes every SPTE of the root non-present. On return none was present at some moment after the call; a root that
    /// is valid may have been faulted into again. No flush: see the caller.</summary>
    /// <param name="root">The root; the caller holds a reference or owns it.</param>
    /// <param name="hold">Dropped and taken again at yields.</param>
    /// <param name="passes">Granularity.</param>
    /// <param name="mayYield">False: in one go, whatever waits.</param>
    /// <param name="hooks">The strategy's say, or null.</param>
    void ZapRoot(TdpRoot root, MmuHold hold, ZapPasses passes, bool mayYield, IZapHooks? hooks);

    /// <summary>Makes the leafs in the range non-present; tables stay. Exclusive hold. Returns whether a flush is owed: what the
    /// caller owed already (<paramref name="flush"/>) and what was zapped here, less what was flushed before a yield.</summary>
    bool ZapLeafs(TdpRoot root, GfnRange range, ExclusiveHold hold, bool mayYield, bool flush);

    /// <summary>Clears the writable bit of the leafs in the range, for dirty logging. Either hold, yields. True if TLBs must be
    /// flushed.</summary>
    bool WriteProtect(TdpRoot root, GfnRange range, MmuHold hold);

    /// <summary>Makes all vCPUs forget their translations before they access again.</summary>
    void FlushRemoteTlbs();

    /// <summary>Hands the root, its list membership already ended, to the reclaimer.</summary>
    void FreeRoot(TdpRoot root);

    /// <summary>Present leafs and tables in the range, for the oracles. Inside a read-side section.</summary>
    long CountPresent(TdpRoot root, GfnRange range, PageLevel minLevel);
}
