namespace Lab.Explorer.Litmus;

/// <summary>A litmus program that comes with the lab.</summary>
/// <param name="Name">As the user types it.</param>
/// <param name="Story">What it is, in a sentence.</param>
/// <param name="Test">Read from its text.</param>
public sealed record LitmusVariant(string Name, string Story, LitmusTest Test);

/// <summary>KVM's lock in bit 1 of an rmap's head, in the versions that were posted, and what a walker without mmu_lock may see
/// of the descriptors it protects.</summary>
/// <remarks>Sources: v1, 20240809194335.1726916-22-seanjc; the question after barriers, James Houghton, 2024-09-09, in answer to
/// it; v7, 20240926013506.860253-9-jthoughton; merged (v9), 20250204004038.1680123-10. A thread that finds
/// the lock held gives up where the kernel waits, and one whose compare-and-exchange fails does, too: executions in which it
/// waits are those in which it comes later.
/// Descriptors are marked accesses, so that the models compare; in the kernel they are plain.</remarks>
public static class RmapLock
{
    public const string Name = "rmap-lock";

    public const string Story = "KVM's lock bit of an rmap: versions against memory models; names of one: rmap-lock-v7.";

    public static IReadOnlyList<LitmusVariant> All { get; } =
    [
        Variant("v1", "both unlocks store plainly", "cmpxchg", "", "WRITE_ONCE(*head, old);", "WRITE_ONCE(*head, 4);"),
        Variant("v7", "acquire; the writer's unlock is a release, the walker's is not", "cmpxchg_acquire", "",
            "WRITE_ONCE(*head, old);", "smp_store_release(head, 4);"),
        Variant("v9", "acquire; both unlocks are releases (merged in 6.15)", "cmpxchg_acquire", "",
            "smp_store_release(head, old);", "smp_store_release(head, 4);"),
        Variant("wmb-rmb", "smp_rmb after locking, smp_wmb before unlocking, as the mail asks", "cmpxchg", "smp_rmb();",
            "smp_wmb(); WRITE_ONCE(*head, old);", "smp_wmb(); WRITE_ONCE(*head, 4);"),
        Empty,
    ];

    /// <summary>The variants that a name means: all for <see cref="Name"/>, one for its own, none for others.</summary>
    public static IReadOnlyList<LitmusVariant> Named(string name) =>
        name == Name ? All : [.. All.Where(variant => variant.Name == name)];

    /// <summary>Two words of a descriptor change together under the lock: a walker that holds the lock must see both changes or
    /// none.</summary>
    private static LitmusVariant Variant(
        string name, string story, string compareExchange, string afterLock, string walkerUnlock, string writerUnlock) =>
        new($"{Name}-{name}", story, LitmusTest.Read($$"""
            C {{Name}}-{{name}}
            (* head: 4 is a chain of descriptors, 2 the lock *)
            { head=4; }
            P0(unsigned long *head, int *sptes, int *more)
            {
                int old = READ_ONCE(*head);
                if (old == 4) {
                    int locked = {{compareExchange}}(head, 4, 6);
                    if (locked == 4) {
                        {{afterLock}}
                        int r1 = READ_ONCE(*sptes);
                        int r2 = READ_ONCE(*more);
                        {{walkerUnlock}}
                    }
                }
            }
            P1(unsigned long *head, int *sptes, int *more)
            {
                int old = READ_ONCE(*head);
                if (old == 4) {
                    int locked = {{compareExchange}}(head, 4, 6);
                    if (locked == 4) {
                        {{afterLock}}
                        WRITE_ONCE(*sptes, 1);
                        WRITE_ONCE(*more, 1);
                        {{writerUnlock}}
                    }
                }
            }
            ~exists (0:r1=1 /\ 0:r2=0 \/ 0:r1=0 /\ 0:r2=1)
            """));

    /// <summary>A walker that finds the head empty returns at once, and has acquired nothing of who emptied it.</summary>
    private static LitmusVariant Empty => new($"{Name}-empty-head",
        "merged; a walker that finds nothing mapped relies on what was done before: KVM does not", LitmusTest.Read($$"""
            C {{Name}}-empty-head
            { head=4; spte=1; }
            P0(unsigned long *head, int *spte)
            {
                int r1 = READ_ONCE(*head);
                if (r1 == 0) {
                    int r2 = READ_ONCE(*spte);
                }
            }
            P1(unsigned long *head, int *spte)
            {
                int old = READ_ONCE(*head);
                if (old == 4) {
                    int locked = cmpxchg_acquire(head, 4, 6);
                    if (locked == 4) {
                        WRITE_ONCE(*spte, 0);
                        smp_store_release(head, 0);
                    }
                }
            }
            ~exists (0:r1=0 /\ 0:r2=1)
            """));
}
