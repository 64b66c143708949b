using System.Globalization;
using System.Text.RegularExpressions;
using Lab.Mmu;
using Lab.Settings;

namespace Lab.Explorer.Scenarios;

/// <summary>Reads the actions of one actor, as <c>touch 0..3, repeat 2: reload, delete churn</c>.</summary>
internal sealed partial class ScenarioActionText(
    IReadOnlyList<ScenarioSlot> slots, Func<string, string, GfnRange> range, Func<string, Exception> bad)
{
    private const int RepeatMax = 64;
    private const string Known =
        "'touch G', 'touch G..H', 'write G', 'reload', 'switch smm|normal|wp-off', 'unload', 'serve', 'delete "
            + "SLOT', 'create SLOT', 'move SLOT to G', 'flags SLOT dirty|none', 'collect SLOT', 'write-protect SLOT "
            + "[all]', 'unmap G + N', 'unmap-start G + N', 'unmap-end G + N', 'reap G + N', 'lock NAME', 'unlock NAME', "
            + "'age G + N', 'test G + N', 'recover G [all]', 'destroy' or 'repeat N: action'";

    /// <summary>The actions in order; a repeated one as often as it says.</summary>
    public IReadOnlyList<ScenarioAction> Read(string text, string actor, bool hasVcpu)
    {
        List<ScenarioAction> actions = [];
        foreach (string item in text.Split(',', StringSplitOptions.TrimEntries))
        {
            Match repeat = RepeatForm().Match(item);
            int times = repeat.Success ? int.Parse(repeat.Groups[1].Value, CultureInfo.InvariantCulture) : 1;
            if (times is 0 or > RepeatMax) throw bad($"expected 1 to {RepeatMax} repetitions, found {times}");
            ScenarioAction[] one = [.. ReadOne(repeat.Success ? repeat.Groups[2].Value : item)];
            if (one.FirstOrDefault(action => action.NeedsVcpu && !hasVcpu) is { } misplaced)
            {
                throw bad($"expected '{misplaced}' of an actor that drives a vCPU (vcpu0, vcpu1, …), found it of '{actor}'");
            }
            for (int time = 0; time < times; time++) actions.AddRange(one);
        }
        CheckPairs(actions, actor);
        return actions;
    }

    /// <summary>One action, or an access to each frame from first to last: <c>touch 0..3</c>.</summary>
    private IEnumerable<ScenarioAction> ReadOne(string text)
    {
        Match match = FramesForm().Match(text);
        if (!match.Success) return [ReadSingle(text)];
        ulong first = Frame(text, match.Groups[2].Value), last = Frame(text, match.Groups[3].Value);
        if (last < first) throw bad($"expected frames in ascending order, found '{text}'");
        return Enumerable.Range((int)first,
            (int)(last - first) + 1).Select(gfn => new TouchAction((ulong)gfn, match.Groups[1].Value == "write"));
    }

    private ScenarioAction ReadSingle(string text)
    {
        Match match = ActionForm().Match(text);
        if (!match.Success) throw Unknown(text);
        string verb = match.Groups[1].Value, rest = match.Groups[2].Value.Trim();
        return (verb, rest) switch
        {
            ("touch", _) => new TouchAction(Frame(text, rest), Write: false),
            ("write", _) => new TouchAction(Frame(text, rest), Write: true),
            ("reload", "") => new ReloadAction(),
            ("switch", "smm") => new SwitchAction(RootRole.SystemManagement, rest),
            ("switch", "normal") => new SwitchAction(RootRole.Normal, rest),
            ("switch", "wp-off") => new SwitchAction(RootRole.WriteProtectOff, rest),
            ("unload", "") => new UnloadAction(),
            ("serve", "") => new ServeAction(),
            ("delete", _) => new DeleteAction(Slot(rest)),
            ("create", _) => new CreateAction(Slot(rest)),
            ("move", _) => Move(text, rest),
            ("flags", _) => Flags(text, rest),
            ("collect", _) => new CollectAction(Slot(rest)),
            ("write-protect", _) => WriteProtect(rest),
            ("unmap", _) => new UnmapAction(Range(text, rest)),
            ("unmap-start", _) => new UnmapStartAction(Range(text, rest)),
            ("unmap-end", _) => new UnmapEndAction(Range(text, rest)),
            ("reap", _) => new ReapAction(Range(text, rest)),
            ("lock", _) => new LockAction(LockName(rest)),
            ("unlock", _) => new UnlockAction(LockName(rest)),
            ("age", _) => new AgeAction(Range(text, rest)),
            ("test", _) => new TestAction(Range(text, rest)),
            ("recover", _) => Recover(text, rest),
            ("destroy", "") => new DestroyAction(),
            _ => throw Unknown(text),
        };
    }

    private MoveAction Move(string text, string rest)
    {
        string[] parts = rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 3 || parts[1] != "to") throw Unknown(text);
        string slot = Slot(parts[0]);
        ulong frames = slots.First(one => one.Name == slot).Range.Frames;
        if (!NumberForm().IsMatch(parts[2])) throw Unknown(text);
        return new MoveAction(slot, range(parts[2], frames.ToString(CultureInfo.InvariantCulture)).Start.Value);
    }

    private FlagsAction Flags(string text, string rest)
    {
        string[] parts = rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [_, "dirty" or "none"]) throw Unknown(text);
        return new FlagsAction(Slot(parts[0]), parts[1] == "dirty" ? MemslotFlags.LogDirtyPages : MemslotFlags.None);
    }

    private WriteProtectAction WriteProtect(string rest)
    {
        string[] parts = rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return parts is [_, "all"] ? new WriteProtectAction(Slot(parts[0]), InvalidToo: true)
            : new WriteProtectAction(Slot(rest), InvalidToo: false);
    }

    private RecoverAction Recover(string text, string rest)
    {
        string[] parts = rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return parts is [_, "all"] ? new RecoverAction(Frame(text, parts[0]), InvalidToo: true)
            : new RecoverAction(Frame(text, rest), InvalidToo: false);
    }

    private ulong Frame(string text, string number) =>
        NumberForm().IsMatch(number) ? range(number, "1").Start.Value : throw Unknown(text);

    private GfnRange Range(string text, string rest)
    {
        Match match = RangeForm().Match(rest);
        return match.Success ? range(match.Groups[1].Value, match.Groups[2].Value) : throw Unknown(text);
    }

    private string Slot(string name)
    {
        if (slots.Any(slot => slot.Name == name)) return name;
        throw bad("expected a slot "
            + $"({(slots.Count == 0 ? "none is declared above" : string.Join(", ", slots.Select(slot => slot.Name)))}), "
            + $"found '{name}'");
    }

    private string LockName(string name) => LockForm().IsMatch(name) ? name
        : throw bad($"expected the name of a lock of the host, such as 'page', found '{name}'");

    /// <summary>The notifier hears of each end once per start, from the same thread, which also leaves the locks that it
    /// took.</summary>
    private void CheckPairs(List<ScenarioAction> actions, string actor)
    {
        List<GfnRange> open = [];
        List<string> held = [];
        foreach (ScenarioAction action in actions)
        {
            if (action is UnmapStartAction start) open.Add(start.Range);
            if (action is UnmapEndAction end && !open.Remove(end.Range)) throw bad(
                $"expected an 'unmap-start' of '{actor}' before '{end}'");
            if (action is LockAction taken && held.Contains(taken.Lock)) throw bad(
                $"expected 'unlock {taken.Lock}' of '{actor}' before it takes the lock again");
            if (action is LockAction entered) held.Add(entered.Lock);
            if (action is UnlockAction left && !held.Remove(left.Lock)) throw bad(
                $"expected a 'lock {left.Lock}' of '{actor}' before '{left}'");
        }
        if (held.Count > 0) throw bad($"expected 'unlock {held[0]}' of '{actor}' after its 'lock {held[0]}'");
    }

    private Exception Unknown(string text)
    {
        string verb = text.Split(' ')[0];
        string[] verbs = [.. VerbForm().Matches(Known).Select(match => match.Groups[1].Value)];
        string hint = !verbs.Contains(verb) && Names.Nearest(verb, verbs) is { } nearest ? $" (did you mean '{nearest}'?)" : "";
        return bad($"expected {Known}, joined by commas, found '{text}'{hint}");
    }

    [GeneratedRegex("'([a-z-]+)")]
    private static partial Regex VerbForm();

    [GeneratedRegex(@"^repeat\s+([0-9]{1,3})\s*:\s*(.*)$")]
    private static partial Regex RepeatForm();

    [GeneratedRegex(@"^([a-z-]+)(\s.*)?$")]
    private static partial Regex ActionForm();

    [GeneratedRegex("^[a-z][a-z0-9-]{0,31}$")]
    private static partial Regex LockForm();

    [GeneratedRegex(@"^(touch|write)\s+([0-9]{1,3})\.\.([0-9]{1,3})$")]
    private static partial Regex FramesForm();

    [GeneratedRegex(@"^[0-9]{1,3}$")]
    private static partial Regex NumberForm();

    [GeneratedRegex(@"^([0-9]{1,3})\s*\+\s*([0-9]{1,3})$")]
    private static partial Regex RangeForm();
}
