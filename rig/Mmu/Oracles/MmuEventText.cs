using System.Globalization;

namespace Lab.Mmu;

/// <summary>Events in words, for the terminal and the results.</summary>
public static class MmuEventText
{
    public static string Line(AttributedEvent one, long origin) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(one.Event.Time - origin) / 1e3,10:0.0} us  {one.Actor,-12} {Name(one.Event.Kind),-18} "
                + $"{Root(one.Event)}{Detail(one.Event)}");

    /// <summary>The event's name as the kernel's tracepoints spell such names.</summary>
    public static string Name(MmuEventKind kind) =>
        kind switch
        {
            MmuEventKind.RootLoad => "load_root",
            MmuEventKind.GetPage => "get_page",
            MmuEventKind.Get => "get",
            MmuEventKind.Put => "put",
            MmuEventKind.ZapAllFast => "zap_all_fast",
            MmuEventKind.InvalidateAll => "invalidate_all",
            MmuEventKind.Invalidate => "invalidate",
            MmuEventKind.Queue => "queue",
            MmuEventKind.ExecuteStart => "execute_start",
            MmuEventKind.ExecuteEnd => "execute_end",
            MmuEventKind.ZapInvalidatedStart => "zap_invalidated",
            MmuEventKind.ZapInvalidatedEnd => "zapped_invalidated",
            MmuEventKind.ZapRoot => "zap_root",
            MmuEventKind.ZapPage => "zap_page",
            MmuEventKind.FlushTlb => "flush_tlb",
            MmuEventKind.Unlink => "unlink",
            MmuEventKind.FreeRoot => "free_root",
            MmuEventKind.UpdateStart => "update",
            MmuEventKind.UpdateEnd => "updated",
            MmuEventKind.DestroyStart => "destroy",
            MmuEventKind.DestroyEnd => "destroyed",
            MmuEventKind.Violation => "VIOLATION",
            _ => "none",
        };

    private static string Root(MmuEvent one) => one.RootId == 0 ? "" : $"root#{one.RootId}";

    public static string Detail(MmuEvent one) =>
        one.Kind switch
        {
            MmuEventKind.Get or MmuEventKind.Put => $" count {one.RefCount}{(one.Invalid ? ", invalid" : "")}",
            MmuEventKind.RootLoad or MmuEventKind.Invalidate or MmuEventKind.Queue or MmuEventKind.Unlink =>
                $" count {one.RefCount}",
            MmuEventKind.GetPage or MmuEventKind.ZapPage => $" level {one.Level} gfn 0x{one.Detail:x}",
            MmuEventKind.ZapRoot =>
                one.Level == 0 ? $" count {one.RefCount}, all levels" : $" count {one.RefCount}, level {one.Level}",
            MmuEventKind.UpdateStart or MmuEventKind.UpdateEnd => $"slot {one.Detail}",
            _ => "",
        };
}
