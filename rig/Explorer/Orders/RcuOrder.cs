namespace Lab.Explorer.Orders;

/// <summary>What grace periods order, once it is known how events of different threads are linked.</summary>
internal static class RcuOrder
{
    /// <summary>The kernel's <c>rcu-fence</c>: any sequence with at least as many grace periods as read-side sections orders what
    /// is before it and what is behind it.</summary>
    /// <param name="x">The execution.</param>
    /// <param name="link">How the end of one reaches the next: the kernel's <c>rcu-link</c>.</param>
    internal static Relation Fence(Execution x, Relation link)
    {
        EventSet gp = x.Fences(FenceKind.GracePeriod);
        Relation order = gp.Identity;
        if (gp.IsEmpty) return order;
        Relation section = x.Sections().Inverse;
        Relation gpThenSection = gp >> link;
        Relation sectionThenGp = section >> link;
        order |= (gpThenSection >> section) | (sectionThenGp >> gp);
        while (true)
        {
            Relation linked = order >> link;
            Relation next = order | (gpThenSection >> linked >> section) | (sectionThenGp >> linked >> gp) | (linked >> order);
            if ((next - order).IsEmpty) return x.Po >> order >> x.Po.Maybe;
            order = next;
        }
    }
}
