package intent

// requestCues are ways to ask, and what only looks like one, by construction.
var requestCues = []cueRow{
	// what would help: "it would be useful to have …", "it'd help if …"
	{actAsk, "en", `would|might|it'd|that'd be ?really|very|so|most|super|extremely great|good|nice|helpful|lovely|wonderful|useful|ideal|handy|perfect|best|brilliant|fantastic|fine|kind|ace|awesome ?for ?me|us to have|get|hear|see|know|receive|understand|read|learn|find|agree|settle|meet ;
		would|it'd|that'd|might ?really|also|certainly help ?me|us ?a ?lot|great|greatly|enormously|tremendously|bit if|to ; would|it'd|that'd save ?me|us * if ;
		would|i'd|we'd|should|shall ?be ?very|most|really|extremely|so|much|ever glad|grateful|thankful|obliged|pleased|delighted if|for|of ?you|your|a|an|any|some|the|this|that ;
		would|i'd|we'd|should ?really|very|greatly|much appreciate ?it|your|you|a|an|any|some|if|hearing|getting|the|this|that ; would|i'd|we'd rather|prefer you|it|that|if ;
		wouldn't mind a|your|some|hearing|if ; could do with your|a|an|some`},
	// needs and demands
	{actAsk, "en", `need|want|require|expect|requires * from|of you ; need|want you in|on|at|there|here|with|back|for ;
		i|we|i'll|we'll ?will|still|also|really|just|only|now|do|must|gotta|urgently|badly ?have need|want|require|expect|demand ?to ?have ?only|just ?a|an|the|your|one|some|two|that|this|any ?written|clear|proper|simple|short|quick|signed|firm|final|new|better $thing ;
		all i|we ?still|really|now|just need|require|want|miss ?now ?from ?you is|are ; i|we must|have|has|gotta ?to insist|request|demand|beg|ask|have ; i|we insist|demand ;
		i|we ?therefore|hereby|kindly|respectfully|now ask|request|urge|instruct|require|expect|beg|want you|that|everyone|everybody|each|people|whoever|those ;
		i|we expect|want everyone|all|you|each|every ; you have|you've ?got ?only|exactly until|till ;
		you have|you've ?got ?only|exactly two|three|four|five|ten|24|48 days|hours|weeks|minutes to ;
		i|we want|demand the|my|your|this|that|it|all|every|an answer|explanation|apology|money|truth|root|names|name|list|numbers|figures|plan|report|refund|replacement|done|fixed|gone|sorted|back|changed|stopped ;
		you ?will|all|also|both|still|now need to ; you will|all|both|still|now have to ; you'll need|have to ;
		you are|will|you're|you'll ?be ?kindly|hereby|all|also required|requested|asked|expected|obliged|reminded|supposed to ;
		you|y'all gotta|must|should|ought|oughta|hafta ?to ?really|also|probably|definitely|all|both|please|at|first|now|either|therefore|always ?least <verb> ; you'd better`},
	{actNoAsk, "en", `you will|should|would|may|might|must|could ?then|all|also|soon|shortly|now|already|probably|have receive|get|find|be|see|hear|notice|know|feel|never|not|love|like|enjoy|hate|remember|understand|seen|got|recall|realise|realize|received|been ;
		you'll|you'd ?then|all|also|soon|shortly|now|already|probably|have receive|get|find|be|see|hear|notice|know|feel|never|not|love|like|enjoy|hate|remember|understand|seen|got|recall|realise|realize|received|been ;
		you should|must have ; you must be|think|know|feel|mean|admit|not|never ; you need|have only|not|no|never|nothing|worry ; you might|may want|like|also ;
		you can|could ?also|always|still|then find|reach|see|download|get|use|take|keep|ignore|also|always|skip|choose|have|join|access|read ;
		i|we wouldn't|don't|didn't|won't|can't ?really|actually|even need|want|require|expect|ask ; no longer need|want|require|expect ;
		i|we want|need|have|wanted|would ?like to thank|say|point|be|apologise|apologize|congratulate|add|emphasise|emphasize|stress|clarify|mention|share|let|make|give|show|tell|help|keep|avoid|explain|introduce|announce|welcome|leave|think|go|finish|start|move|take|look|do|find|wait|focus|talk|work|stop|use|buy|send|call|write|change|run|pick|prepare|catch|sleep ;
		i'd|we'd like|love|want to thank|say|point|be|apologise|apologize|congratulate|add|emphasise|emphasize|stress|clarify|mention|share|let|make|give|show|tell|help|keep|avoid|explain|introduce|announce|welcome|leave|think|go|finish|start|move|take|do|wait ;
		everything|all|anything|nothing|whatever you need|want|asked|wanted|needed ; everything|anything|nothing i|we need|want ;
		i|we need|want a ?little|bit|short|few|moment|more break|holiday|coffee|drink|day|days|nap|rest|week|minute|moment|time|while|hour|lawyer ; need more people|time|money|staff`},
	// whose turn it is
	{actAsk, "en", `ball is|'s in your ; is|it's|that's ?now|all|entirely your|yours call|turn|move|choice ;
		hold|held|block|blocked|stuck|paused|pause|parked|wait|waiting|standby until|till|for you|your ; waiting|wait|waits ?only|still|just|now for|on * from you ;
		waiting|waits|wait ?only|just|still|now for|on your|you ; sits|lies|rests|remains with|on you|your ; is ?now|still with you ;
		missing|left|outstanding|lacking|open|needed|pending ?now|here|only is|are ?just|only your ; pending|subject to your ;
		your * is|are ?now|still|urgently|also required|needed|requested|overdue|outstanding|missing|pending|sought|awaited|lacking ;
		requires|require|needs|awaits|await ?only|just|also|still your ; awaiting|missing|lacking ?only|just|also|still your`},
	{actAsk, "en", `i ?still|really|just|also|only need the|your|those|these|all|both|this|that`},
	{actAskStart, "en", `make|be ?very|absolutely|doubly|quite sure|certain you|that|to|the|your|all|it|nobody|everyone|no|this|they|we|he|she|there ;
		let him|her|them|everyone|everybody|people ?also know ; appreciate your|a|any|if|it ; over to you ; your turn|move`},
	// written to ask
	{actAsk, "en", `writing|write|reaching|mailing|emailing|calling|contacting|checking|messaging ?out|in|up|you|again|today ?again|today to ?kindly|also ask|request|inquire|enquire|beg|remind|urge|see|check|find|confirm ?you|out|your|if|whether|for|about|that|how|what|access|an|a|when|to ;
		checking|asking|curious|wondering|enquiring|inquiring ?in|you|also if|whether|when|how|what|who|where|why ;
		wanted to ?just|quickly|also ask|check|know|see|hear|invite|remind ?with ?you whether|if|what|how|about|for|you|your|when|why|who|where ;
		like to ?kindly|also ask|request|hear|invite|remind you|your|for|if|whether|that|from|all|everyone|an|a|access|what ;
		hoping|hoped ?that ?for|to you|someone|somebody|anyone|your ;
		may|might|could|can i|we ?also|kindly|just|please|respectfully suggest|ask|request|remind|trouble|borrow|bother|have|get ; reminder|request to|that ; reminders to ;
		reminding you ?all|both to|that|of|about ; may|must|let i|me|us ?just|also remind you ; like|wanted|want|just ?also to remind you|everyone|all ;
		could|can|would|will ?all|some|one ?of you|anyone|someone|somebody|everyone|everybody|anybody|whoever ;
		one|any|some|either|both|all|each of you|us ?please should|must|needs|need|wants|want|to ; anyone|someone|somebody|anybody willing|able|free|keen|available to ;
		volunteers|volunteer for|to|needed|wanted|please ; don't|not forget|neglect to|that|the|your|about ;
		let me|us have|know|hear ?by|please|then|asap if|whether|what|when|how|which|who|your|the|about|of|why|where|that|so|today|tomorrow|a|any|and|either|on|by|before|asap ;
		in advance for ; see|find * and let|tell|send|give|confirm|comment|sign|advise|approve|return|complete|fill ; a|quick|simple|short|clear|plain yes or no ;
		yes or no by|would|will|from|please|suffices|today|tomorrow`},
	{actAskStart, "en", `give|send|drop|shoot|get|bring|show|tell|hand|forward|pass|lend|buy|mail|email|text|ping|call|ring|ask|help|copy|cc|update|inform|brief|correct|remind|loop|meet|join|contact|notify|pay|keep|leave|put ?back me|us ;
		get back to|in ; get in touch ; say|answer|reply|decide|choose|confirm|object|speak|write|respond|vote|comment so|up|yes|no|now|here|if|when|by|which|what|before|whether ;
		ideas|comments|suggestions|feedback|input|thoughts|volunteers|contributions|corrections|opinions|help|advice|edits|remarks|nominations|pointers|tips|offers|bids * welcome|wanted|needed|invited|please|requested|sought ;
		one|two|three|four|some|a|couple ?few|couple ?of ?quick|small|more things|points|questions|items|favours|favors|asks|requests|tasks|jobs|actions|thing|question|favour|favor|request|ask|job|task ?please ?for|from|of|to you|both|all|everyone ;
		quick|small|little|big|last|another|a|one favour|favor|request|ask ;
		need|want|require|requesting|request|missing|expecting ?just|only|still|also|one|another|some|a|an|the|your|that|these|this|two|three|more|any ?quick|new|signed|final|small|your $thing|someone|somebody ;
		need|want the|your|that|these|someone|somebody|everyone|you|two|three|one ;
		any $thing|news|chance|way|idea|ideas|luck|word|objection|objections|takers|suggestions|volunteers ?on|about|for|yet|from|of|to ?you|the|this|your ;
		action|approval|signature|response|reply|input|feedback|answer|review|decision|help|confirmation ?is|are ?urgently|immediately required|needed|wanted|requested ;
		friendly|gentle|quick|kind|final|last|second|polite|little|small|just|a ?friendly|gentle|quick ?friendly|gentle reminder|nudge|prompt to|that|about`},
	{actAsk, "en", `are ?all|also|now|kindly|hereby|therefore|both|each|again|please|strictly ?kindly|hereby asked|requested|required|reminded|instructed|urged|advised to ;
		is kindly|hereby|therefore asked|requested|reminded|invited to ;
		everyone|everybody|anyone|anybody|each|all|those|whoever|people|managers|leads|teams|staff|employees|colleagues|drivers|authors|owners|developers|engineers|participants|attendees|speakers|visitors|members|guests * needs|need|must|should|has|have ?now|please|also|still ?to <verb> ;
		staff|colleagues|managers|teams|employees|drivers|visitors|everyone|everybody must|should|need|needs ?to`},
	{actNoAsk, "en", `i|we|he|she|they|i'm|we're|been|being ?are|is|am|was|were|also|been|not|now asked|requested|required|reminded|instructed|urged|obliged|advised|expected|supposed to|that ;
		asked|told|wanted|requested|urged|forced|invited|allowed ?if|whether|that me|us|him|her|them|everyone|people|you|if|whether|to ;
		i|we|he|she|they ?have|already|also|just|only|then|has asked|told|contacted|invited|emailed|called|reminded ;
		who|customers|users|clients|they|he|she ?also|only asks|asked|wants|want|wanted|needs|need|requires|required to ;
		didn't|hadn't|haven't ?yet|even|actually ask|asked|want|need ; tom|client|customer|customers|boss|board|auditor|auditors asked|wants|requested|would ?like ;
		i|we can't|couldn't|cannot|won't`},
	// courtesies, offers, refusals
	{actNoAsk, "en", `to|will|would|can|hard|easy|designed please ; please every|everyone|everybody|just ; attached please ; to ?please make|be sure|certain ;
		please treat|rest|bear|know|accept|excuse|forgive|enjoy|disregard|ignore|pardon|note ; please think of|about|twice|before ; please consider the environment|planet|nature ;
		please be ?so aware|informed|advised|assured|patient ; please don't hesitate|worry|forward|share|reply|print|respond|answer|feel|mind|bother|take|disclose|distribute|copy ;
		please do not hesitate|worry|forward|share|reply|print|respond|answer|feel|mind|bother|take|disclose|distribute|copy ; please feel free ; please help yourself|yourselves ;
		please find ?the|my|our|a|an|here|here's attached|enclosed|below|herewith|hereby|here|in|the|my|our|a|an|copy|quotation|invoice|minutes|report|list|summary|offer ;
		please keep this|it confidential|private|secret|quiet|between ; please remember|know that ; pleased|glad|happy|delighted to ;
		free|here|around|available ?always to help|explain|chat|talk|discuss|answer ; shout|ask|call|say|yell|holler|ping|tell|scream if|when|any ?time|you ?ever need|stuck|you ;
		keep|stay|be well|safe|healthy|strong|warm|cool ; get well ; take care|heart ; keep it up ; say hi|hello ; give ?him|her|them my|our best|regards|love|congratulations ;
		talk|speak|see|catch ?you|to ?you soon|later|then|there ; no need|rush|worries|hurry|action|pressure|stress ; nothing ?for you|to ?to do|worry ; nothing you need|have to ;
		you don't|needn't have|need|do ; you do not have|need ; there's|there ?is|are no need|hurry|rush|action|reason|obligation ; come and ask|eat|have|enjoy|join|say ; sit back ;
		rest assured ; mind you ; come on ; guess what|who|how|which ; excuse me|the|my ; bear with ; help yourself|yourselves ; never mind ; trust me ; believe it|me ;
		forget it|about ; any need to ; call it ; hesitate to ; you're|you are ?very|most|all welcome|invited to ; in case of fire|emergency`},
	{actRhetoric, "en", `isn't|aren't|wasn't|weren't|doesn't|don't|didn't|ain't it|that|this|they|he|she|life|there ?just|so|a great|nice|lovely|cool|funny|strange|typical|amazing|wonderful|fun|sad|ironic|crazy ;
		where does|do that|this leave us ; why does|do|did|is this|that|it|we matter|important|care ; what does|do that|this|it mean for|to us ; what went|was well|wrong|good ;
		what's next|new|changed|the point ;
		how's|how the|your|everything|is|are|was|were ?new|the|things|life ?with|your job|place|family|weekend|holiday|kids|baby|house|vacation|trip|day|week|everything ;
		did|have|has you ?ever hear|heard ; who says|said|wouldn't ; guess what|who|how|which|why ; and the result|reason|outcome|winner|answer ;
		the result|reason|outcome|winner|catch`},
	// German
	{actAsk, "de", `ich|wir bitte|bitten|ersuche|ersuchen ?sie|dich|euch|daher|hiermit|höflich|nochmals|deshalb um|darum ;
		um ?eine|ihre|deine|eure|kurze|kurzfristige|zeitnahe|baldige|möglichst|schnelle ?kurze|schnelle|baldige|zeitnahe|schriftliche rückmeldung|antwort|bescheid|hilfe|freigabe|prüfung|bestätigung|zusage|stellungnahme|überweisung|zahlung|unterschrift|rücksendung|info|feedback|erledigung|zusendung ;
		für ?eine|ihre|deine|eure|die ?kurze|schnelle|baldige|zeitnahe rückmeldung|antwort|bestätigung|info|zusage|hilfe|prüfung|unterstützung wäre|wären ;
		über ?eine|ihre|deine|eure ?kurze|schnelle|baldige|positive|zeitnahe rückmeldung|antwort|bestätigung|nachricht|zusage ; fehlt|fehlen mir|uns|nur ?noch|nur ?noch ;
		warte|warten ?ich|wir ?noch|nur auf dein|deine|deinen|ihr|ihre|ihren|euer|eure|euren|rückmeldung|antwort ;
		wäre|würde|wär ?es|das ?mir|uns ?sehr|echt|wirklich schön|super|toll|gut|nett|prima|hilfreich|lieb|klasse|freuen|helfen|dankbar|perfekt|ideal ?wenn|falls|dass|zu|für ;
		musst|müsst|müssen|solltest|solltet|sollten|sollst|sollt du|ihr|sie ; du|ihr|sie musst|müsst|solltest|solltet|sollst|sollt|müssen ;
		deine|eure|ihre|dein|euer meinung|rückmeldung|antwort|entscheidung|freigabe|unterschrift|zusage|ok|einschätzung|feedback|votum dazu|bis|bitte|fehlt|steht|wird ;
		alle müssen|sollen|bitte`},
	{actAskStart, "de", `schick|schickt|sende|sendet|gib|gebt|sag|sagt|meld|melde|meldet|prüf|prüfe|prüft|schau|schaut|ruf|ruft|mach|macht|nenn|nennt|bring|bringt|trag|tragt|lies|lest|antworte|antwortet|bestätige|bestätigt|lass|lasst|nimm|nehmt|komm|kommt|stell|stellt|füll|füllt|leg|legt|hol|holt|klär|klärt|check|checkt|sprich|sprecht|informier|informiert|überleg|überlegt|unterschreib|unterschreibt|leite|leitet|lad|ladet|reich|reicht|teil|teilt|schreib|schreibt|setz|setzt|guck|guckt|korrigier|ergänz|ergänzt|frag|fragt mir|uns|bitte|euch|dich|das|die|den|es|dir|kurz|mal|noch|doch|ihm|ihr|ihn|an|ein|deine|dein|eure|deinen|euren|einfach|dann|nur|nicht|bescheid|rein|drüber|nach|ob|wann|was|alle|dem|der ;
		denk|denkt ?bitte ?auch an|daran ; vergiss|vergesst ?bitte ;
		?gerne|gern rückmeldung|feedback|kommentare|anmerkungen|vorschläge|anmeldung|anmeldungen|meldungen|ideen|korrekturen bitte|dazu|an|bis`},
	{actNoAsk, "de", `bei fragen|rückfragen|unklarheiten ; du|sie|ihr musst|müsst|müssen|brauchst|braucht|brauchen ?sich|dich|dazu|da|dann|hier nichts|nicht|keine|kein ; wie geht|geht's|gehts ;
		finden|erhalten|bekommen|freuen sie|wir|ich anbei|hier|im|die|unten|uns|mich ;
		bitte beachten|beachte|finden|entschuldigen|entschuldige|entschuldigt|keine|wundern|verstehen|bedenken ; gebeten|bat|baten|gefragt|fragte ;
		er|kunde|kunden|chef will|möchte|wünscht|bittet`},
	// French
	{actAsk, "fr", `merci de ?bien vouloir|me|nous|le|la|les|l'envoyer|confirmer|faire|vérifier|valider|prévoir|noter|penser|prendre|répondre|remplir|compléter|retourner|signer|payer|régler|transmettre|envoyer|prévenir|regarder|relire|indiquer|préciser|donner|tenir|lui|leur|ne|vous|t'assurer|venir|contacter|laisser|mettre|revenir|passer ;
		j'aurais|j'aurai|aurions besoin ; besoin de ?la|ton|ta|tes|votre|vos|savoir|connaître ; il ?nous ?me faut|faudrait|faudra ; faut|faudrait|faudra que ?tu|vous ;
		compte|comptons sur toi|vous ; te|vous laisse|laissons|charge|demande|demandons|prie|prions|saurais|serais|serions ; prière de ;
		un|votre|ton|ta retour|réponse|avis|accord|validation|confirmation|signature|feu ?vert ?rapide avant|d'ici|serait|est|sous|pour|dès|me ; n'oubliez|n'oublie pas ;
		pensez|veillez|tâchez|évitez à|bien|de ; dans l'attente de ?votre|ta|ton ; attends|attendons ton|votre|ta|vos|tes ;
		serait|sera bien|possible|bon|sympa|parfait|idéal|gentil|utile|préférable ?de|que|si ; à valider|signer|confirmer|retourner|compléter|renvoyer|payer|remplir avant|d'ici|pour ;
		que|qu'en pensez|penses vous|tu`},
	{actAskStart, "fr", `dites|dis|envoyez|envoie|donnez|donne|confirmez|confirme|tenez|tiens|faites|fais|répondez|réponds|rappelez|rappelle|appelle|appelez|vérifiez|vérifie|regardez|regarde|validez|valide|signez|signe|remplissez|remplis|renvoyez|renvoie|retournez|retourne|transmettez|transmets|prévenez|préviens|passez|passe|laissez|laisse|apportez|apporte|pensez|pense|veillez|notez|indiquez|indique|précisez|précise|préparez|prépare|complétez|complète|corrigez|corrige|ajoutez|ajoute|choisissez|choisis|contactez|contacte|demandez|demande|mettez|mets|prenez|prends|venez|viens|payez|réglez|communiquez ?moi|nous|lui|leur ?donc|bien le|la|les|à|au|aux|moi|nous|lui|leur|votre|vos|ton|ta|tes|un|une|ce|cette|ces|si|par|avant|d'ici|quand|dès|avec|si ;
		j'attends|attends|attendons votre|ton|ta|vos|tes|une|un|le|la|les`},
	{actNoAsk, "fr", `merci de|pour|à ?toute|toutes|tous votre|vos|ton|ta|tes|ce|cette|cet|l'aide|l'info|tout|m'avoir|l'attention|l'accueil ; n'hésitez|n'hésite|hésitez|hésite pas ;
		je te|vous|leur|lui envoie|enverrai|transmets|confirme|appelle|remercie|souhaite|écris|informe|tiens ; veuillez trouver|agréer|recevoir|noter|excuser|accepter|croire ;
		j'ai|avons|a ?déjà|lui demandé|prié ; comment vas|allez|ça ; vous trouverez ; nous vous informons|remercions ; remercie|remercions de|pour ;
		il faut|faudra noter|dire|reconnaître|attendre`},
	// Spanish
	{actAsk, "es", `hace|hacen falta ; te|os|le|les pido|pedimos|ruego|rogamos|agradecería|agradeceríamos|agradezco|encargas|ocupas ;
		rogamos|ruego|agradecería|agradeceríamos|solicito|solicitamos ?nos|me que|su|tu|una|confirmar|si|el|la|confirmen|envíen|revisen|confirme ;
		sería|estaría|vendría ?muy bueno|bien|posible|ideal|útil|estupendo|perfecto|conveniente ?que|si ; tienes|tenéis|tiene|tienen que ; debes|debéis|debe|deberías ;
		no ?te|os|se olvides|olvidéis|olvide|olviden ; quedo|quedamos|estoy|estamos ?a ?la pendiente|pendientes|espera|esperando ?de ?tu|su|vuestra ;
		espero|esperamos|esperando|aguardo|aguardamos tu|su|vuestra|el|la ; tu|su|vuestro visto bueno ;
		y|o|pero|entonces|luego dime|dinos|dígame|avísame|avisadme|confírmame|envíame|mándame|llámame|confirmadme`},
	{actAskStart, "es", `envía|envíame|envíanos|envíe|envíeme|envíen|enviad|enviadme|manda|mándame|mándanos|mandad|mandadme|dime|dinos|dígame|díganos|decidme|decidnos|avisa|avísame|avísanos|avisad|avisadme|avíseme|avísenos|confirma|confírmame|confirmad|confirmadme|confirme|confirmen|confírmeme|revisa|revisad|revise|revisen|llama|llámame|llamad|llamadme|llame|llámeme|responde|respóndeme|responded|responda|mira|mirad|mire|échale|échame|pasa|pásame|pasadme|pon|ponme|poned|trae|traed|tráeme|haz|haced|haga|hagan|rellena|rellenad|rellene|rellenen|completa|completad|complete|completen|firma|firmad|firme|firmen|recuerda|recordad|recuerde|recuerden|comprueba|comprobad|compruebe|verifica|verificad|verifique|devuelve|devuélveme|devolved|prepara|preparad|prepare|indica|indícame|indicad|indíquenos|indíqueme|cuéntame|contadme|explícame|háblalo|habla|hablad|paga|pagad|sube|subid|actualiza|actualizad|cancela|cancelad|reserva|reservad|elige|elegid|asegúrate|aseguraos|ayúdame|quédate|tráelo|hazlo|déjame|dejadme|dame|danos|dadme`},
	{actNoAsk, "es", `no dudes|dude|duden|dudéis ; gracias por|de ; le|les|os|te pedí|pidió|pedimos|envío|enviaré|mando|adjunto|paso|informo|confirmo|llamo|deseo|digo|cuento ;
		no hace|es falta|necesario ; cualquier duda|pregunta|consulta ; quedo|estoy|quedamos a tu|su|vuestra ; ha pedido|solicitado ;
		espero que ?todo estés|esté|estéis|vaya|te|le|haya ; cómo estás|está|va ; nos vemos`},
	// Portuguese
	{actAsk, "pt", `agradeço|agradecemos|agradecia|agradecíamos|agradeceria ?desde ?já que|se|confirmação|resposta|retorno|envio|feedback|um|uma|nos|me ;
		não se|te|vos esqueça|esqueças|esqueçam|esquece ; não esqueça|esqueças|esqueçam|esquecer ; seria ?muito ótimo|bom|importante|excelente|ideal|possível|útil ?que|se ;
		gostaria|gostava|gostaríamos|queria|quero ?de saber|pedir|receber|ouvir|que|solicitar|contar ; tens|têm|tem|deves|devem que|de ;
		fico|ficamos|estou|estamos à|a|no aguardo|aguardar|espera ; aguardo|aguardamos ?o|a|pela vosso|vossa|seu|sua|retorno|resposta|confirmação|teu|tua ;
		favor|solicito|solicitamos|peço|pedimos que|enviar|confirmar|verificar|para|lhe|te|vos ;
		consegue|consegues|conseguem|pode|podes|podem|poderia|poderias|dá|davas|queres|quer me|nos|lhe`},
	{actAskStart, "pt", `envia|envie|enviem|manda|mande|mandem|diz|diga|digam|avisa|avise|avisem|confirma|confirme|confirmem|revê|reveja|revejam|verifica|verifique|verifiquem|liga|ligue|liguem|responde|responda|respondam|vê|veja|vejam|preenche|preencha|preencham|assina|assine|assinem|traz|traga|tragam|faz|faça|façam|passa|passe|passem|lembra|lembrem|lembre|marca|marque|marquem|indica|indique|indiquem|trata|trate|tratem|corrige|corrija|corrijam|põe|ponha|coloca|coloque|coloquem|devolve|devolva|atualiza|atualize|atualizem|escolhe|escolha|escolham|fala|fale|falem|dá|dê|deem|deixa|deixe|deixem|paga|pague|paguem me|nos|o|a|os|as|se|lhe|por|com|que|uma|um|isso|isto|este|esta|até|ao|à|para|tudo|já|seu|sua|teu|tua`},
	{actNoAsk, "pt", `agradeço|agradecemos ?muito|desde ?já a|pela|o ajuda|apoio|atenção|compreensão|colaboração|disponibilidade|resposta|mensagem|paciência ;
		obrigado|obrigada|grato|grata|gratos pela|pelo|por ; qualquer dúvida|questão|coisa ; não é|há preciso|necessário|necessidade ; não precisa|precisas|precisam ;
		espero que ?tudo esteja|estejas|estejam ; pedi|pediu|pedimos|pediram ; gostaria|gostava|queria|quero ?de agradecer|aproveitar|informar|dizer|partilhar ;
		preciso|precisamos ?de avisar|sair|pensar|falar|ir|ver|fazer|terminar|mais`},
	// Dutch
	{actAskStart, "nl", `graag ;
		stuur|geef|bel|check|kijk|vul|meld|bevestig|zet|mail|laat|neem|lees|kies|teken|onderteken|betaal|regel|maak|breng|kom|doe|test|controleer|overleg|denk|reageer|antwoord|upload|lever|haal|pas|plan|vraag|zoek|leg|schrijf|stem|let me|mij|ons|even|jullie|de|het|dit|dat|aan|uiterlijk|voor|op|in|door|niet|aub|alsjeblieft|hem|haar|hen|ze|alle|een|mee|maar|dan|ook|eerst|zelf|terug|weten|met|er|svp|contact|om ;
		vergeet ?je niet`},
	{actAsk, "nl", `wacht|wachten ?nog|alleen ?nog op je|jouw|jullie|uw ; zou|zouden ?het|dat|u|jij|je|jullie|we|wij ?heel|erg|ook fijn|mooi|goed|handig|prettig|top|mogelijk ;
		moet|moeten|dien|dient|dienen je|jullie|u|iedereen ; je|jullie|u|iedereen moet|moeten|dient|dienen ; verzoek|verzoeken|vragen|vraag u|je|jullie ?vriendelijk om ;
		jouw|je|jullie|uw reactie|akkoord|antwoord|mening|input|handtekening|goedkeuring|bevestiging graag|voor|nodig|uiterlijk`},
	{actNoAsk, "nl", `ik|wij|we stuur|sturen|bel|mail|meld|zal|regel|vroeg|gevraagd ; hoef|hoeft|hoeven je|jullie|u ; je|jullie|u hoef|hoeft|hoeven ; graag gedaan|tot|willen|zouden|hadden ;
		je|jullie|u kan|kun|kunt ook|altijd ; bedankt|dank voor ; heeft|hebben ?om gevraagd ; hoe gaat|is`},
}

// cueMacros are lists of words that patterns name by a dollar sign.
var cueMacros = map[string]string{
	"$thing": "answer|reply|response|confirmation|approval|decision|signature|signoff|ok|okay|go|feedback|input|comments|comment|thoughts|opinion|view|views|numbers|figures|data|list|copy|copies|version|draft|quote|price|prices|estimate|invoice|receipt|receipts|address|details|detail|names|name|date|dates|contact|access|permission|login|password|link|file|files|document|documents|paper|papers|report|summary|update|status|volunteer|volunteers|yes|no|number|photo|photos|picture|pictures|logs|log|key|keys|badge|proposal|plan|explanation|apology|refund|replacement|statement|breakdown|schedule|forecast|budget|spec|specs|specification|contract|certificate|evidence|proof|reference|timesheet|timesheets|hours|expenses|cv|bio|headshot|slides|deck|cost|costs|quantity|quantities|account|po|order|credit|headcount|availability|preference|preferences|choice|vote|votes|help|assistance|advice|support|guidance|eyes|hand|hands|correction|fix|workaround|solution|eta|timeline|minutes|notes|translation|sample|samples|form|forms|consent|clarification|word|root|money",
}
