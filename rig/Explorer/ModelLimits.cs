namespace Lab.Explorer;

/// <summary>What the explorer's model leaves out. Printed beside every result on strategies: a proof within the model says
/// nothing about these.</summary>
public static class ModelLimits
{
    public static IReadOnlyList<string> All { get; } =
    [
        "Tables have two levels of a few entries each, not four of 512; sizes are those of the scenario.",
        "mmu_lock is unfair: whoever can take it may, in any order. Starvation and priorities are not explored.",
        "Grace periods end as early as they can, which is the worst case for use after free; their length is not explored.",
        "No hardware page-walk caches: a walk reads the tables of its moment. Translations are cached, tables are not.",
        "What guests store into their memory is not ordered; only that an access reached the right frame.",
        "Under tso only stores are delayed, as on x86. Weaker orders (Arm, what a compiler may do) are not explored.",
        "No real time: no timeouts, no interrupts of the host, no cost. 'lab run' measures those.",
        "Plain fields of a strategy that no lock protects: a race on them is seen only where it changes what a thread does next, and "
            + "under sc, where steps are recalled, only in the executions that are run to check.",
        "Who sleeps on a word wakes when it is woken, never for nothing. One worker per queue.",
    ];
}
