namespace Lab.Mmu;

/// <summary>How long a zap could not have yielded, where somebody wants to know: the longest steps between two looks at the lock,
/// of all zappers of one VM, since they were last taken. In the zapper's own time: one that loses its core in the middle of a
/// step takes no longer for it, as in a kernel that does not preempt. A step that ends while they are taken counts the next
/// time.</summary>
public sealed class ZapSections
{
    /// <summary>By the level of the entry that a step zaps with all that hangs under it; where no look is taken, under
    /// <see cref="PageLevel.None"/>.</summary>
    private readonly long[] _longest = new long[(int)PageLevel.Size512G + 1];

    /// <summary>Nothing is noted otherwise: a zapper's own time costs a system call. Set before anybody zaps.</summary>
    public bool AreWatched { get; set; }

    /// <summary>Any zapper may, while they are watched.</summary>
    public void Note(PageLevel level, long nanoseconds)
    {
        ref long longest = ref _longest[(int)level];
        if (nanoseconds > Volatile.Read(ref longest)) Volatile.Write(ref longest, nanoseconds);
    }

    /// <summary>Nanoseconds of the longest step at that level, or -1 if there was none; from now on it counts afresh. Of 4 KiB
    /// leafs, too short to be stamped one by one, a step is the mean over those of a table.</summary>
    public long Take(PageLevel level) => Interlocked.Exchange(ref _longest[(int)level], 0) is > 0 and long taken ? taken : -1;
}
