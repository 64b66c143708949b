using Lab.Explorer.Agents;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>What the words of roots and tables were when somebody looked last, to tell what code has changed behind the machine's
/// back: a page that it clears, the header of a root that nobody has seen.</summary>
internal sealed unsafe class MemoryShadow
{
    // SAFETY: roots, tables and pages are SmallMemory's, which stay mapped; each is looked at in whole words.
    private const int HeaderWords = RootHeader.Stride / sizeof(ulong);
    private const int HeaderIdWord = 2;
    private const int PageRootIdWord = 3;

    /// <summary>Words of a page that only metal's lists use lie before and behind.</summary>
    private const int FirstPageWord = 2;
    private static readonly int PageWords = sizeof(TablePage) / sizeof(ulong) - 1;
    private readonly SmallMemory _memory;
    private readonly ulong[] _headers = new ulong[SmallMemory.RootCount * HeaderWords];
    private readonly ulong[] _entries;
    private readonly ulong[] _pages = new ulong[SmallMemory.TableCount * PageWords];
    private int _rootsSeen;
    private int _tablesSeen;

    public MemoryShadow(SmallMemory memory)
    {
        _memory = memory;
        _entries = new ulong[SmallMemory.TableCount * memory.EntriesPerTable];
    }

    /// <summary>Words that a freed node consists of, for who must be able to put them back.</summary>
    public void ForEachWord(nint node, RcuKind kind, Action<nint> act)
    {
        if (kind == RcuKind.Root)
        {
            for (int word = 0; word < HeaderWords; word++) act(node + word * sizeof(ulong));
            node = (nint)_memory.PageOf(((RootHeader*)node)->Table);
        }
        for (int word = FirstPageWord; word < PageWords; word++) act(node + word * sizeof(ulong));
        ulong* table = _memory.TableOfPage((TablePage*)node);
        for (int entry = 0; entry < _memory.EntriesPerTable; entry++) act((nint)(table + entry));
    }

    /// <summary>What there is now is known.</summary>
    public void Take()
    {
        foreach (TdpRoot root in _memory.Made)
        {
            new Span<ulong>(root.Header, HeaderWords).CopyTo(_headers.AsSpan(_memory.NumberOf(root) * HeaderWords));
        }
        foreach (nint page in _memory.TablesMade)
        {
            int number = _memory.NumberOf((TablePage*)page);
            new Span<ulong>((void*)page, PageWords).CopyTo(_pages.AsSpan(number * PageWords));
            new Span<ulong>(_memory.TableOfPage((TablePage*)page), _memory.EntriesPerTable)
                .CopyTo(_entries.AsSpan(number * _memory.EntriesPerTable));
        }
        (_rootsSeen, _tablesSeen) = (_memory.Made.Count, _memory.TablesMade.Count);
    }

    /// <summary>The machine has written to a word.</summary>
    public void Wrote(nint word, ulong value)
    {
        switch (_memory.OwnerOf(word))
        {
            case WordOwner.Root:
                TdpRoot root = _memory.RootOf(word);
                _headers[_memory.NumberOf(root) * HeaderWords + (int)(word - (nint)root.Header) / sizeof(ulong)] = value;
                break;
            case WordOwner.Table:
                ulong* table = _memory.TableOf(word);
                int number = _memory.NumberOf(_memory.PageOf(table));
                _entries[number * _memory.EntriesPerTable + (int)((ulong*)word - table)] = value;
                break;
        }
    }

    /// <summary>Adds what was changed since, and knows it from then on.</summary>
    public void Compare(List<LocalEffect> effects)
    {
        for (int at = 0; at < _memory.Made.Count; at++)
        {
            TdpRoot root = _memory.Made[at];
            bool isNew = at >= _rootsSeen;
            if (isNew) effects.Add(new LocalEffect(LocalEffectKind.RootMade, (nint)root.Header));
            CompareWords(effects, (ulong*)root.Header, _headers.AsSpan(_memory.NumberOf(root) * HeaderWords, HeaderWords), 0,
                HeaderIdWord, isId: false, isNew);
        }
        for (int at = 0; at < _memory.TablesMade.Count; at++)
        {
            TablePage* page = (TablePage*)_memory.TablesMade[at];
            bool isNew = at >= _tablesSeen;
            int number = _memory.NumberOf(page), entries = _memory.EntriesPerTable;
            CompareWords(effects, (ulong*)page, _pages.AsSpan(number * PageWords, PageWords), FirstPageWord, PageRootIdWord,
                isId: true, isNew);
            CompareWords(effects, _memory.TableOfPage(page), _entries.AsSpan(number * entries, entries), 0, -1, isId: false,
                isNew);
        }
        (_rootsSeen, _tablesSeen) = (_memory.Made.Count, _memory.TablesMade.Count);
    }

    private void CompareWords(List<LocalEffect> effects, ulong* words, Span<ulong> known, int first, int special, bool isId,
        bool isNew)
    {
        for (int at = first; at < known.Length; at++)
        {
            ulong value = words[at];
            if (value == known[at] && !isNew) continue;
            known[at] = value;
            nint word = (nint)(words + at);
            if (at != special) effects.Add(new LocalEffect(LocalEffectKind.Poke, word, value));
            else if (isId)
            {
                TdpRoot root = _memory.Made.Find(made => made.Id == value);
                effects.Add(new LocalEffect(LocalEffectKind.PokeRootId, word, root.AsWord));
            }
        }
    }
}
