package intent

import "testing"

var germanDues = dueTable{
	{"03-13 17:30", "bis Freitag; bis zum Freitag; bis kommenden Freitag; bis diesen Freitag; bis spätestens Freitag; spätestens Freitag; spätestens am Freitag; spätestens bis Freitag; bis Fr; bis Freitagabend 17:30; am Freitag; Freitag; noch bis Freitag; bis zum 13. März; bis 13. März; bis 13.3.; bis zum 13.3.; bis zum 13.03.; bis 13.03.2026; bis Freitag, 13. März; bis Freitag, den 13. März; bis Freitag, dem 13.03.; bis zum 13.; bis Freitagnachmittag; bis Freitag Nachmittag; bis Ende der Woche; bis Ende dieser Woche; bis zum Ende der Woche; diese Woche; noch diese Woche; im Laufe der Woche; bis zum Wochenende; vor dem Wochenende; bis übermorgen; übermorgen; bis Freitag Dienstschluss; bis Freitag EOD; bis Freitag Feierabend; in zwei Tagen; innerhalb von zwei Tagen; binnen zwei Werktagen; in zwei Arbeitstagen"},
	{"03-13 12:00", "bis Freitag Mittag; bis Freitagmittag; bis Freitag 12 Uhr; bis Freitag, 12 Uhr; bis Freitag um 12; bis Freitag um 12:00 Uhr; bis Freitag, 13. März, 12 Uhr; bis Freitagvormittag; bis Freitag früh 12 Uhr; bis zum 13. März um 12 Uhr; vor Freitag 12 Uhr"},
	{"03-13 15:00", "bis Freitag 15 Uhr; bis Freitag, 15:00; bis Freitag um 15 Uhr; am Freitag bis 15 Uhr; Freitag 15:00 Uhr; bis Freitag 15.00 Uhr; vor Freitag, 15 Uhr; bis 13.3. 15 Uhr; spätestens Freitag um 15 Uhr; bis Freitag 15h"},
	{"03-13 20:00", "bis Freitagabend; bis Freitag Abend; Freitag Abend"},
	{"03-11 17:30", "heute; bis heute; noch heute; heute noch; bis heute Nachmittag; heute Nachmittag; bis heute 17:30 Uhr; bis Dienstschluss; bis Feierabend; bis Ende des Tages; bis zum Ende des Tages; bis EOD; vor morgen; vor Donnerstag; vor der Sitzung am Donnerstag; vor dem Termin morgen"},
	{"03-11 17:00", "bis 17 Uhr; bis 17:00; bis heute 17 Uhr; heute bis 17 Uhr; bis heute um 17:00 Uhr; vor 17 Uhr; spätestens um 17 Uhr; bis spätestens 17 Uhr; bis 17h"},
	{"03-11 12:00", "bis Mittag; bis heute Mittag; bis 12 Uhr; vor 12 Uhr; bis heute 12 Uhr; heute Mittag; innerhalb von zwei Stunden; in zwei Stunden; in den nächsten zwei Stunden; in 2 Stunden; bis mittags"},
	{"03-12 17:30", "morgen; bis morgen; bis Donnerstag; bis zum 12. März; bis morgen Nachmittag; bis morgen Abend 17:30; vor Freitag; vor der Sitzung am Freitag; vor dem Treffen am Freitag; vor dem Termin am 13.; bis morgen Feierabend; spätestens morgen"},
	{"03-12 12:00", "bis morgen Mittag; bis morgen 12 Uhr; morgen Mittag; morgen Vormittag; bis morgen Vormittag; morgen früh; bis morgen früh"},
	{"03-12 10:00", "bis morgen 10 Uhr; morgen um 10 Uhr; bis morgen um 10; morgen bis 10 Uhr; vor morgen 10 Uhr; in den nächsten 24 Stunden; binnen 24 Stunden"},
	{"03-13 10:00", "in den nächsten 48 Stunden; innerhalb von 48 Stunden; binnen 48 Stunden"},
	{"03-16 17:30", "bis Montag; bis Montag, 16. März; vor Dienstag; vor dem Release am Dienstag; bis nächsten Montag"},
	{"03-20 17:30", "bis nächsten Freitag; bis Freitag nächster Woche; nächste Woche; bis Ende nächster Woche; Ende nächster Woche; bis zum 20. März; bis 20.3.; bis zum 20.; im Laufe der nächsten Woche; bis nächste Woche Freitag"},
	{"03-18 17:30", "bis Mitte nächster Woche; Mitte nächster Woche; bis Mittwoch; in einer Woche; innerhalb einer Woche; binnen einer Woche; innerhalb von 7 Tagen"},
	{"03-25 17:30", "in zwei Wochen; innerhalb von zwei Wochen; in 14 Tagen; innerhalb von 14 Tagen"},
	{"03-31 17:30", "bis Ende März; bis Monatsende; bis Ende des Monats; bis zum Monatsende; bis zum Ende des Monats; diesen Monat; Ende März; bis Quartalsende; bis zum Ende des Quartals; bis zum 31. März"},
	{"04-30 17:30", "bis Ende April; im April; nächsten Monat; bis Ende nächsten Monats; bis 30. April"},
	{"04-15 17:30", "bis Mitte April; Mitte April; bis zum 15. April; bis 15.4."},
	{"12-31 17:30", "bis Jahresende; bis Ende des Jahres; bis zum Jahresende"},
	{"03-15 17:30", "am Wochenende; übers Wochenende; dieses Wochenende"},
	{"?", "so schnell wie möglich; so bald wie möglich; schnellstmöglich; umgehend; zeitnah; sofort; bei Gelegenheit; vor der Sitzung; vor deinem Urlaub; möglichst bald; wenn du Zeit hast; in den nächsten Tagen; jeden Freitag"},
}

var frenchDues = dueTable{
	{"03-13 17:30", "d'ici vendredi; pour vendredi; avant vendredi soir 17h30; au plus tard vendredi; vendredi au plus tard; jusqu'à vendredi; d'ici le 13 mars; pour le 13 mars; d'ici au 13 mars; au plus tard le 13 mars; avant le 13 mars 17h30; vendredi; ce vendredi; d'ici vendredi 13 mars; d'ici la fin de la semaine; d'ici fin de semaine; en fin de semaine; d'ici à vendredi; cette semaine; d'ici après-demain; après-demain; vendredi après-midi; d'ici vendredi après-midi; dans deux jours; sous 2 jours; sous deux jours ouvrés; d'ici la fin de journée vendredi; d'ici le 13; pour le 13; avant le week-end"},
	{"03-13 12:00", "d'ici vendredi midi; avant vendredi midi; vendredi midi au plus tard; vendredi avant midi; d'ici vendredi 12h; d'ici vendredi à 12 h; avant vendredi 12h00; vendredi matin; d'ici vendredi matin; au plus tard vendredi à midi; jusqu'à vendredi midi"},
	{"03-13 15:00", "d'ici vendredi 15h; avant vendredi 15h; vendredi à 15h; d'ici vendredi à 15 heures; vendredi avant 15h; avant vendredi, 15 h; au plus tard vendredi à 15h00; pour vendredi 15h; d'ici vendredi 13 mars à 15h"},
	{"03-13 20:00", "d'ici vendredi soir; vendredi soir; pour vendredi soir"},
	{"03-11 17:30", "aujourd'hui; d'ici ce soir 17h30; aujourd'hui si possible; d'ici la fin de la journée; en fin de journée; avant la fin de la journée; cet après-midi; avant demain; avant jeudi; avant la réunion de jeudi; avant la réunion de demain; dans la journée"},
	{"03-11 17:00", "avant 17h; d'ici 17h; à 17h; avant 17 heures; d'ici 17h00; pour 17h; aujourd'hui avant 17h; au plus tard à 17h"},
	{"03-11 20:00", "ce soir; d'ici ce soir; pour ce soir"},
	{"03-11 12:00", "avant midi; d'ici midi; dans deux heures; d'ici deux heures; sous 2 heures; dans les deux heures; dans les 2 prochaines heures; ce matin"},
	{"03-12 17:30", "demain; d'ici demain; pour demain; d'ici jeudi; avant vendredi; avant la réunion de vendredi; avant la réunion du 13; avant le comité de vendredi; avant le 13 mars; demain après-midi; d'ici jeudi 12 mars; demain au plus tard"},
	{"03-12 12:00", "demain midi; d'ici demain midi; demain matin; demain avant midi; avant demain midi"},
	{"03-12 10:00", "demain à 10h; d'ici demain 10h; demain avant 10h; avant demain 10 heures; dans les 24 heures; sous 24 heures; sous 24h; dans les prochaines 24 heures"},
	{"03-13 10:00", "sous 48h; sous 48 heures; dans les 48 heures; dans les 48h"},
	{"03-16 17:30", "d'ici lundi; pour lundi; lundi; pour lundi 16 mars; avant mardi"},
	{"03-18 17:30", "pour mercredi prochain; mercredi prochain; en milieu de semaine prochaine; d'ici une semaine; sous huit jours; dans une semaine; mercredi"},
	{"03-20 17:30", "la semaine prochaine; d'ici la fin de la semaine prochaine; d'ici vendredi prochain; vendredi prochain; d'ici le 20 mars; pour le 20; au plus tard le 20 mars; d'ici fin de semaine prochaine; vendredi de la semaine prochaine"},
	{"03-25 17:30", "dans deux semaines; d'ici deux semaines; dans quinze jours; sous quinze jours; d'ici quinze jours"},
	{"03-31 17:30", "d'ici la fin du mois; avant la fin du mois; d'ici fin mars; fin mars; à la fin du mois; ce mois-ci; d'ici la fin du trimestre; pour le 31 mars"},
	{"04-30 17:30", "d'ici fin avril; en avril; le mois prochain; d'ici la fin du mois prochain; pour le 30 avril"},
	{"04-15 17:30", "d'ici mi-avril; à la mi-avril; pour le 15 avril; d'ici le 15/04"},
	{"12-31 17:30", "d'ici la fin de l'année; d'ici fin décembre; avant la fin de l'année"},
	{"03-15 17:30", "ce week-end; pendant le week-end; dimanche"},
	{"?", "dès que possible; au plus vite; au plus tôt; dans les plus brefs délais; dans les meilleurs délais; avant la réunion; quand tu peux; quand vous avez un moment; sans tarder; rien ne presse; chaque vendredi; dans les prochains jours"},
}

var spanishDues = dueTable{
	{"03-13 17:30", "antes del viernes a las 17:30; para el viernes; hasta el viernes; a más tardar el viernes; el viernes a más tardar; el viernes; este viernes; para este viernes; para el 13 de marzo; antes del 13 de marzo a las 17:30; hasta el 13 de marzo; a más tardar el 13 de marzo; para el viernes 13; para el viernes 13 de marzo; para el viernes por la tarde; el viernes por la tarde; a finales de semana; para finales de semana; antes de que acabe la semana; esta semana; antes del fin de semana; pasado mañana; para pasado mañana; en dos días; dentro de dos días; para el 13; como muy tarde el viernes; como máximo el viernes; no más tarde del viernes; en dos días hábiles"},
	{"03-13 12:00", "para el viernes a mediodía; antes del viernes a las 12; el viernes a las 12:00; para el viernes a las 12; antes del viernes al mediodía; el viernes por la mañana; para el viernes por la mañana; el viernes antes de las 12"},
	{"03-13 15:00", "el viernes a las 15:00; antes del viernes a las 15 h; para el viernes a las 15 horas; el viernes antes de las 15:00; antes de las 15:00 del viernes; antes del viernes, 15:00"},
	{"03-13 20:00", "el viernes por la noche; para el viernes por la noche"},
	{"03-11 17:30", "hoy; para hoy; hoy mismo; antes de que termine el día; al final del día; antes del final del día; esta tarde; antes de mañana; antes del jueves; antes de la reunión del jueves; antes de la reunión de mañana; hoy por la tarde"},
	{"03-11 17:00", "antes de las 17:00; para las 17:00; hasta las 17:00; hoy antes de las 17:00; hoy a las 17:00; antes de las 17 h; antes de las 17 horas; a más tardar a las 17:00"},
	{"03-11 12:00", "antes de mediodía; antes del mediodía; para el mediodía; antes de las 12; en dos horas; en las próximas dos horas; dentro de dos horas; hoy a mediodía"},
	{"03-12 17:30", "mañana; para mañana; para el jueves; antes del viernes; antes de la reunión del viernes; antes de la reunión del 13; mañana por la tarde; a más tardar mañana; hasta mañana"},
	{"03-12 12:00", "mañana a mediodía; mañana por la mañana; mañana antes de las 12; para mañana a mediodía; para mañana por la mañana; mañana al mediodía"},
	{"03-12 10:00", "mañana a las 10; para mañana a las 10:00; mañana antes de las 10; antes de mañana a las 10; en las próximas 24 horas; en 24 horas"},
	{"03-13 10:00", "en 48 horas; en las próximas 48 horas; en un plazo de 48 horas"},
	{"03-16 17:30", "el lunes; para el lunes; para el lunes 16 de marzo; antes del martes"},
	{"03-18 17:30", "para el próximo miércoles; a mediados de la próxima semana; el próximo miércoles; en una semana; en el plazo de una semana; el miércoles que viene"},
	{"03-20 17:30", "la próxima semana; la semana que viene; a finales de la próxima semana; el próximo viernes; para el 20 de marzo; antes del 20 de marzo a las 17:30; el viernes que viene; el viernes de la semana que viene; para finales de la semana que viene"},
	{"03-25 17:30", "en dos semanas; dentro de dos semanas; en quince días; en 14 días"},
	{"03-31 17:30", "a final de mes; a finales de mes; antes de fin de mes; para fin de mes; antes de que acabe el mes; para finales de marzo; a finales de marzo; este mes; antes del final del mes; para el 31 de marzo"},
	{"04-30 17:30", "a finales de abril; en abril; el próximo mes; el mes que viene; para el 30 de abril"},
	{"04-15 17:30", "a mediados de abril; para mediados de abril; para el 15 de abril; para el 15/4"},
	{"12-31 17:30", "a finales de año; antes de fin de año; para fin de año"},
	{"?", "lo antes posible; cuanto antes; cuando puedas; en cuanto puedas; sin prisa; antes de la reunión; de inmediato; inmediatamente; en los próximos días; cada viernes"},
}

var portugueseDues = dueTable{
	{"03-13 17:30", "até sexta-feira; até sexta; até à sexta-feira; até a sexta-feira; para sexta-feira; no máximo até sexta-feira; o mais tardar sexta-feira; na sexta-feira; sexta-feira; até esta sexta-feira; até ao dia 13 de março; até 13 de março; até o dia 13 de março; até dia 13; até ao final da semana; até o fim da semana; no final da semana; até ao fim da semana; esta semana; depois de amanhã; até depois de amanhã; até sexta-feira à tarde; em dois dias; dentro de dois dias; até 13/03; até sexta, 13 de março; antes do fim de semana; em dois dias úteis; impreterivelmente até sexta-feira; até ao final do dia de sexta-feira"},
	{"03-13 12:00", "até sexta-feira ao meio-dia; até sexta ao meio-dia; até sexta-feira às 12h; até sexta-feira, 12h; sexta-feira de manhã; até sexta-feira de manhã; até ao meio-dia de sexta-feira; antes de sexta-feira ao meio-dia; na sexta antes do meio-dia"},
	{"03-13 15:00", "até sexta-feira às 15h; sexta-feira às 15:00; até sexta às 15h00; na sexta-feira até às 15h; até às 15h de sexta-feira; antes de sexta-feira às 15h; na sexta antes das 15h"},
	{"03-13 20:00", "até sexta-feira à noite; sexta-feira à noite"},
	{"03-11 17:30", "hoje; até hoje; ainda hoje; até ao final do dia; até o fim do dia; até ao fim do dia; hoje à tarde; esta tarde; antes de amanhã; antes de quinta-feira; antes da reunião de quinta-feira; antes da reunião de amanhã"},
	{"03-11 17:00", "até às 17h; até as 17h; hoje até às 17h; hoje às 17h; antes das 17h; até às 17:00; até às 17 horas; hoje antes das 17h"},
	{"03-11 12:00", "até ao meio-dia; até o meio-dia; antes do meio-dia; em duas horas; nas próximas duas horas; dentro de duas horas; hoje ao meio-dia"},
	{"03-12 17:30", "amanhã; até amanhã; para amanhã; até quinta-feira; antes de sexta-feira; antes da reunião de sexta-feira; antes da reunião do dia 13; amanhã à tarde; o mais tardar amanhã"},
	{"03-12 12:00", "amanhã de manhã; até amanhã de manhã; até amanhã ao meio-dia; amanhã ao meio-dia; até amanhã às 12h; amanhã antes do meio-dia"},
	{"03-12 10:00", "amanhã às 10h; até amanhã às 10h; amanhã até às 10h; antes de amanhã às 10h; nas próximas 24 horas; em 24 horas"},
	{"03-13 10:00", "em 48 horas; nas próximas 48 horas; no prazo de 48 horas"},
	{"03-16 17:30", "até segunda-feira; até segunda; na segunda-feira; até segunda-feira, 16 de março; antes de terça-feira"},
	{"03-20 17:30", "na próxima semana; até à próxima sexta-feira; até a próxima sexta-feira; na semana que vem; até 20 de março; até dia 20 de março; até ao dia 20; até ao final da próxima semana; até o fim da próxima semana; na próxima sexta-feira; na sexta-feira da próxima semana"},
	{"03-25 17:30", "em duas semanas; dentro de duas semanas; em 14 dias"},
	{"03-31 17:30", "até ao final do mês; até o fim do mês; no final do mês; até ao fim de março; até final de março; este mês; até 31 de março"},
	{"04-30 17:30", "até ao final de abril; em abril; no próximo mês; até 30 de abril"},
	{"04-15 17:30", "até meados de abril; em meados de abril; até 15 de abril; até 15/4"},
	{"12-31 17:30", "até ao final do ano; até o fim do ano"},
	{"?", "o mais rápido possível; o mais breve possível; assim que possível; assim que puder; quando puder; quando puderes; sem pressa; antes da reunião; imediatamente; com urgência; nos próximos dias"},
}

var dutchDues = dueTable{
	{"03-13 17:30", "voor vrijdag 17:30; uiterlijk vrijdag; tegen vrijdag; tot vrijdag; op vrijdag; vrijdag; uiterlijk op vrijdag; uiterlijk aanstaande vrijdag; uiterlijk deze vrijdag; uiterlijk vrijdag 13 maart; uiterlijk 13 maart; tegen 13 maart; uiterlijk op 13 maart; uiterlijk vrijdagmiddag; vrijdagmiddag; voor het einde van de week; tegen het einde van de week; eind deze week; uiterlijk eind deze week; deze week; nog deze week; voor het weekend; overmorgen; uiterlijk overmorgen; binnen twee dagen; binnen twee werkdagen; over twee dagen; uiterlijk de 13e"},
	{"03-13 12:00", "uiterlijk vrijdag 12 uur; voor vrijdag 12 uur; vóór vrijdag 12:00; uiterlijk vrijdag om 12 uur; uiterlijk vrijdagochtend; vrijdagochtend; vrijdag voor 12 uur; vrijdagmorgen; vrijdag om 12 uur"},
	{"03-13 15:00", "uiterlijk vrijdag 15 uur; voor vrijdag 15:00; vrijdag om 15 uur; uiterlijk vrijdag om 15:00; vrijdag voor 15 uur; uiterlijk vrijdag 13 maart 15.00 uur"},
	{"03-13 20:00", "vrijdagavond; uiterlijk vrijdagavond"},
	{"03-11 17:30", "vandaag; vandaag nog; nog vandaag; uiterlijk vandaag; voor het einde van de dag; voor eind van de dag; vanmiddag; vóór donderdag; voor donderdag; voor morgen; voor de vergadering van donderdag; voor het overleg van morgen; eind van de dag"},
	{"03-11 17:00", "voor 17 uur; uiterlijk 17 uur; vandaag voor 17:00; uiterlijk om 17:00; tegen 17 uur; vóór 17 uur; vandaag om 17 uur"},
	{"03-11 12:00", "voor 12 uur; uiterlijk 12 uur; binnen twee uur; binnen 2 uur; de komende twee uur; over twee uur; vandaag voor 12 uur"},
	{"03-11 20:00", "vanavond; uiterlijk vanavond"},
	{"03-12 17:30", "morgen; uiterlijk morgen; uiterlijk donderdag; voor vrijdag; vóór vrijdag; voor de vergadering van vrijdag; voor het overleg op vrijdag; vóór 13 maart; vóór vrijdag 13 maart; morgenmiddag; uiterlijk morgenmiddag"},
	{"03-12 12:00", "morgenochtend; uiterlijk morgenochtend; morgen voor 12 uur; uiterlijk morgen 12 uur"},
	{"03-12 10:00", "morgen om 10 uur; uiterlijk morgen 10 uur; morgen voor 10 uur; binnen 24 uur; de komende 24 uur"},
	{"03-13 10:00", "binnen 48 uur; de komende 48 uur"},
	{"03-16 17:30", "maandag; uiterlijk maandag; uiterlijk maandag 16 maart; voor dinsdag; vóór dinsdag"},
	{"03-18 17:30", "midden volgende week; halverwege volgende week; volgende week woensdag; binnen een week; over een week; uiterlijk woensdag"},
	{"03-20 17:30", "volgende week; eind volgende week; uiterlijk eind volgende week; volgende week vrijdag; uiterlijk 20 maart; volgende vrijdag"},
	{"03-25 17:30", "binnen twee weken; over twee weken; binnen 14 dagen"},
	{"03-31 17:30", "eind maart; voor eind maart; voor het einde van de maand; eind deze maand; uiterlijk eind maart; deze maand; uiterlijk 31 maart"},
	{"04-30 17:30", "eind april; in april; volgende maand; uiterlijk 30 april"},
	{"04-15 17:30", "half april; medio april; uiterlijk 15 april; halverwege april"},
	{"12-31 17:30", "eind dit jaar; voor het einde van het jaar; uiterlijk 31 december"},
	{"03-15 17:30", "dit weekend; in het weekend; zondag"},
	{"?", "zo snel mogelijk; zo spoedig mogelijk; per direct; onmiddellijk; zodra je kunt; geen haast; voor de vergadering; als je tijd hebt; elke vrijdag; de komende dagen"},
}

// rareDues are said less often, by language.
var rareDues = map[Language]dueTable{
	German: {
		{"03-13 17:30", "bis Freitag Büroschluss; bis Freitag Geschäftsschluss; bis Ende Freitag; bis Freitag einschließlich; bis einschließlich Freitag; bis allerspätestens Freitag; bis Freitag, wenn möglich; möglichst bis Freitag; gerne bis Freitag; am besten bis Freitag; bis diese Woche Freitag; bis Freitag dieser Woche; bis 13. d. M. 13.03.; bis Freitag (13.3.); bis Fr., 13.3.; bis Fr. 13.03.; zum Freitag; per Freitag; auf Freitag; bis zum Ende dieser Woche; bis Wochenende; bis spätestens zum 13. März; bis zum 13. März 2026; bis Freitag Abend 17:30"},
		{"03-13 12:00", "bis Freitag zwölf Uhr; bis Freitag mittag; bis Freitag mittags; bis Freitag 12.00 Uhr; Freitag bis Mittag; am Freitag bis 12 Uhr; am Freitag bis mittags"},
		{"03-12 17:30", "bis morgen Abend 17:30; im Laufe des morgigen Tages 12.3.; einen Tag vor Freitag; bis morgen Büroschluss; morgen im Laufe des Tages; bis morgen Ende des Tages"},
		{"03-11 17:30", "bis heute Dienstschluss; heute bis Feierabend; bis heute Abend 17:30; im Laufe des Tages; im Laufe des heutigen Tages; bis zum Feierabend; bis Büroschluss; heute Nachmittag bis 17:30"},
		{"03-11 20:00", "heute Abend; bis heute Abend"},
		{"03-12 12:00", "gleich morgen früh; morgen in der Früh; morgen vor 12; morgen noch vor Mittag; morgen vor dem Mittag"},
		{"03-16 17:30", "Anfang nächster Woche; bis Anfang nächster Woche; bis Montag kommender Woche; bis Montag in der Früh 17:30"},
		{"03-20 17:30", "bis Ende KW 12; in KW 12; bis KW12; in der KW 12; kommende Woche; im Laufe der kommenden Woche; bis Ende kommender Woche; Freitag kommende Woche; bis Freitag in einer Woche"},
		{"03-31 17:30", "bis Ultimo; bis zum Monatsletzten 31.3.; bis Ende des laufenden Monats; noch im März; im Laufe des Monats; bis Ende des ersten Quartals; bis Ende Q1"},
		{"04-01 17:30", "bis Anfang April; bis zum 1. April; bis zum 1.4.; in drei Wochen"},
	},
	French: {
		{"03-13 17:30", "d'ici vendredi en fin de journée; vendredi en fin de journée; d'ici vendredi fin de journée; vendredi dans la journée; d'ici vendredi au plus tard; au plus tard vendredi 13; au plus tard ce vendredi; d'ici vendredi si possible; si possible d'ici vendredi; avant vendredi 17h30; d'ici la fin de cette semaine; avant la fin de la semaine; fin de semaine; courant de la semaine; dans le courant de la semaine; pour vendredi si possible; d'ici deux jours; d'ici 2 jours; sous deux jours; d'ici le vendredi 13 mars; pour le vendredi 13; d'ici le 13/03; pour le 13/03/2026"},
		{"03-13 12:00", "vendredi en fin de matinée; d'ici vendredi midi au plus tard; vendredi 12h au plus tard; dans la matinée de vendredi; vendredi dans la matinée; pour vendredi midi; vendredi, midi dernier délai"},
		{"03-12 17:30", "d'ici demain fin de journée; demain en fin de journée; demain dans la journée; pour demain soir 17h30; d'ici demain après-midi; dans la journée de demain; avant le rendez-vous de vendredi"},
		{"03-11 17:30", "d'ici la fin de journée; ce jour; dans l'après-midi; en fin d'après-midi; d'ici cet après-midi; avant ce soir 17h30; aujourd'hui même"},
		{"03-16 17:30", "en début de semaine prochaine; début de semaine prochaine; d'ici lundi prochain"},
		{"03-20 17:30", "en fin de semaine prochaine; courant de la semaine prochaine; dans le courant de la semaine prochaine; d'ici vendredi en huit; vendredi en huit; vendredi prochain au plus tard"},
		{"03-31 17:30", "d'ici la fin mars; fin du mois; avant fin mars; courant mars; d'ici le 31; d'ici la fin du premier trimestre"},
		{"04-01 17:30", "pour le 1er avril; d'ici le 1er avril; début avril; d'ici trois semaines"},
	},
	Spanish: {
		{"03-13 17:30", "al final del viernes; el viernes al final del día; antes de que termine la semana; antes de finalizar la semana; a más tardar este viernes; a lo largo de la semana; durante esta semana; para el viernes 13/03; antes del fin de semana; el viernes como muy tarde; el viernes a última hora; antes del cierre del viernes; para este mismo viernes; para el viernes si puedes; de aquí al viernes"},
		{"03-11 17:30", "antes de terminar la jornada; antes del cierre; hoy a última hora; hoy antes de irte; para hoy mismo; al final de la jornada; antes de que acabe la jornada; a lo largo del día; a última hora de hoy"},
		{"03-12 17:30", "mañana a última hora; mañana al final del día; antes del final del día de mañana; para mañana mismo; el día antes de la reunión del viernes; a lo largo de mañana"},
		{"03-12 09:00", "mañana a primera hora; a primera hora de mañana; a primera hora mañana"},
		{"03-16 17:30", "a principios de la próxima semana; a comienzos de la semana que viene; para el lunes próximo 16 de marzo"},
		{"03-20 17:30", "a finales de la semana que viene; a lo largo de la próxima semana; durante la próxima semana; el viernes próximo"},
		{"03-31 17:30", "antes de que termine el mes; antes de finales de mes; al final del trimestre; para el 31/03; antes de finales de marzo"},
		{"04-01 17:30", "para el 1 de abril; a principios de abril; en tres semanas"},
	},
	Portuguese: {
		{"03-13 17:30", "até o fim do expediente de sexta-feira; até sexta no fim do dia; na sexta até o fim do dia; até ao fim do dia de sexta; até sexta no final do dia; até sexta, sem falta; sem falta até sexta-feira; impreterivelmente até sexta; até ao fim desta semana; até o final desta semana; durante a semana; ao longo desta semana; até sexta que é dia 13; até o dia 13/03; até no máximo sexta-feira; o mais tardar até sexta"},
		{"03-11 17:30", "até o fim do expediente; até ao final do expediente; até ao fim da tarde; no fim do dia; ao final do dia; até o final da tarde; ainda hoje à tarde; até o fim da tarde"},
		{"03-12 17:30", "até ao final do dia de amanhã; amanhã até o fim do dia; até o fim do dia de amanhã; até amanhã no final do dia; até amanhã ao fim do dia; amanhã sem falta"},
		{"03-12 09:00", "amanhã à primeira hora; amanhã logo cedo; amanhã às 9h; até amanhã às nove"},
		{"03-16 17:30", "no início da próxima semana; no começo da semana que vem; na próxima segunda-feira 16/03"},
		{"03-20 17:30", "ao longo da próxima semana; durante a próxima semana; até sexta da semana que vem; até sexta-feira da próxima semana; até ao final da semana que vem"},
		{"03-31 17:30", "antes do fim do mês; até final do mês; até ao final deste mês; até o fim deste mês; ao final do trimestre; até o último dia do mês"},
		{"04-01 17:30", "até 1 de abril; até o dia 1 de abril; até 1º de abril; no início de abril; em três semanas"},
	},
	Dutch: {
		{"03-13 17:30", "uiterlijk vrijdag einde dag; vrijdag einde van de dag; uiterlijk eind van de week; voor eind van de week; in de loop van de week; in de loop van vrijdag; vrijdag aan het eind van de dag; uiterlijk vrijdag a.s.; liefst vrijdag; het liefst voor vrijdag 17:30; tegen vrijdag, als het lukt; vrijdag op zijn laatst; op zijn laatst vrijdag; uiterlijk vr 13 maart; ten laatste vrijdag"},
		{"03-11 17:30", "voor het einde van de werkdag; einde dag; eind van de middag; aan het einde van de dag; in de loop van de dag; vandaag voor 17:30; uiterlijk vandaag einde dag"},
		{"03-12 17:30", "morgen einde dag; in de loop van morgen; uiterlijk morgen eind van de dag; morgen aan het eind van de dag; de dag voor vrijdag"},
		{"03-12 09:00", "morgenochtend om 9 uur; morgen om 9 uur; morgenochtend 9 uur"},
		{"03-16 17:30", "begin volgende week; aan het begin van volgende week; komende maandag"},
		{"03-20 17:30", "in de loop van volgende week; volgende week vrijdag; voor het einde van volgende week; eind van volgende week"},
		{"03-31 17:30", "aan het eind van de maand; voor het eind van de maand; einde maand; voor maandeinde; eind van het kwartaal"},
		{"04-01 17:30", "uiterlijk 1 april; begin april; over drie weken"},
	},
}

func TestRareDues(t *testing.T) {
	rareDues[German].check(t, German, "Bitte schick mir die Zahlen %, danke.")
	rareDues[French].check(t, French, "Merci de m'envoyer les chiffres du mois %.")
	rareDues[Spanish].check(t, Spanish, "Por favor, envíame los datos del informe %.")
	rareDues[Portuguese].check(t, Portuguese, "Por favor, envie-me os números do relatório %.")
	rareDues[Dutch].check(t, Dutch, "Stuur mij de cijfers van het rapport %, alsjeblieft.")
}

func TestGermanDues(t *testing.T) {
	germanDues.check(t, German, "Kannst du mir bitte die Liste % schicken?", "Bitte schick mir die Zahlen %, danke.")
}

func TestFrenchDues(t *testing.T) {
	frenchDues.check(t, French, "Pourriez-vous m'envoyer la liste %, s'il vous plaît ?", "Merci de m'envoyer les chiffres du mois %.")
}

func TestSpanishDues(t *testing.T) {
	spanishDues.check(t, Spanish, "¿Puedes enviarme la lista %, por favor?", "Por favor, envíame los datos del informe %.")
}

func TestPortugueseDues(t *testing.T) {
	portugueseDues.check(t, Portuguese, "Podes enviar-me a lista %, por favor?", "Por favor, envie-me os números do relatório %.")
}

func TestDutchDues(t *testing.T) {
	dutchDues.check(t, Dutch, "Kun je mij de lijst % sturen?", "Stuur mij de cijfers van het rapport %, alsjeblieft.")
}
